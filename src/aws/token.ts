import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { domainOf } from "./partition.ts";

export interface ClusterToken {
  token: string;
  expires: Date;
}

/**
 * A login token for an EKS cluster's API server: a presigned sts:GetCallerIdentity request that names the cluster.
 * The server accepts it for 15 minutes from its signing, whatever X-Amz-Expires says, so 14 are reported.
 * https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
 */
export async function signClusterToken(
  options: { cluster: string; region: string; now?: Date },
  credentials: ConstructorParameters<typeof SignatureV4>[0]["credentials"],
): Promise<ClusterToken> {
  const now = options.now ?? new Date();
  const hostname = `sts.${options.region}.${domainOf(options.region)}`;
  const signer = new SignatureV4({ service: "sts", region: options.region, credentials, sha256: Sha256 });
  const signed = await signer.presign(
    {
      method: "GET",
      protocol: "https:",
      hostname,
      path: "/",
      query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
      headers: { host: hostname, "x-k8s-aws-id": options.cluster },
    },
    { expiresIn: 60, signingDate: now },
  );
  const query = new URLSearchParams(signed.query as Record<string, string>);
  const token = "k8s-aws-v1." + Buffer.from(`https://${hostname}/?${query.toString()}`).toString("base64url");
  return { token, expires: new Date(now.getTime() + 14 * 60 * 1000) };
}
