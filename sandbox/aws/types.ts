/** Who signed a request: an IAM user or an assumed role's session. */
export interface Principal {
  account: string;
  /** What sts:GetCallerIdentity answers. */
  arn: string;
  userId: string;
}

/** One AWS API call as the front received it. */
export interface AwsRequest {
  method: string;
  /** Percent-encoded, as sent. */
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** From the credential scope of the signature: "eks", "ec2", "s3". */
  service: string;
  region: string;
  /** The operation where the protocol names it (X-Amz-Target, Action=), else undefined (REST). */
  action: string | undefined;
  caller: Principal;
}

export interface AwsResponse {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** Answers a call, or returns undefined when the call is not its own and should be passed on. */
export type Handler = (request: AwsRequest) => Promise<AwsResponse | undefined>;
