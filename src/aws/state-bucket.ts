import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type BucketLocationConstraint,
} from "@aws-sdk/client-s3";
import { UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

/** One per account and region, for all deployments. */
export function stateBucketName(account: string, region: string): string {
  return `hubctl-${account}-${region}`;
}

/**
 * Whether the bucket exists and is complete; "incomplete" when an earlier run was stopped while making it.
 * UserError when it belongs to somebody else or may not be read.
 */
export async function findStateBucket(aws: AwsClients, account: string): Promise<"missing" | "incomplete" | "ready"> {
  const bucket = stateBucketName(account, aws.region);
  const target = { Bucket: bucket, ExpectedBucketOwner: account };
  try {
    const { Status } = await aws.s3.send(new GetBucketVersioningCommand(target));
    return Status === "Enabled" ? "ready" : "incomplete";
  } catch (error) {
    if (isStatus(error, 404)) return "missing";
    if (isStatus(error, 403)) {
      throw new UserError(
        "StateBucketForbidden",
        `the state bucket ${bucket} is not readable, or not owned by account ${account}`,
        {
          hint: `ask for s3:* on arn:aws:s3:::${bucket}, or find out who else has a bucket of that name`,
          cause: error,
        },
      );
    }
    throw error;
  }
}

/**
 * Creates the bucket if needed and (again) puts on it what makes it fit for state: versions, encryption, no public
 * access, TLS only. Safe to repeat, so a run that was stopped between two of the calls is mended by the next one.
 */
export async function createStateBucket(aws: AwsClients, account: string): Promise<void> {
  const Bucket = stateBucketName(account, aws.region);
  const target = { Bucket, ExpectedBucketOwner: account };
  try {
    await aws.s3.send(
      new CreateBucketCommand({
        Bucket,
        // us-east-1 is the one region that must not be named: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        ...(aws.region === "us-east-1"
          ? {}
          : { CreateBucketConfiguration: { LocationConstraint: aws.region as BucketLocationConstraint } }),
      }),
    );
  } catch (error) {
    if (!(error instanceof Error && error.name === "BucketAlreadyOwnedByYou")) throw error;
  }
  await aws.s3.send(
    new PutPublicAccessBlockCommand({
      ...target,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    }),
  );
  await aws.s3.send(
    new PutBucketEncryptionCommand({
      ...target,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
    }),
  );
  await aws.s3.send(
    new PutBucketPolicyCommand({
      ...target,
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "TlsOnly",
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Resource: [`arn:${partition(aws.region)}:s3:::${Bucket}`, `arn:${partition(aws.region)}:s3:::${Bucket}/*`],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      }),
    }),
  );
  await aws.s3.send(
    new PutBucketTaggingCommand({ ...target, Tagging: { TagSet: [{ Key: "hubctl:stack", Value: "state" }] } }),
  );
  // Last, because its presence is what findStateBucket asks for.
  await aws.s3.send(new PutBucketVersioningCommand({ ...target, VersioningConfiguration: { Status: "Enabled" } }));
}

function partition(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  return "aws";
}

export function isStatus(error: unknown, status: number): boolean {
  const metadata = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata;
  return metadata?.httpStatusCode === status;
}
