import type { Override } from "../received.ts";
import type { OverrideContext } from "./context.ts";

const withoutStatements = Buffer.from('{"Version":"2012-10-17","Statement":[]}');
const bodyHeaders =
  /^(?:content-length|content-md5|x-amz-checksum-.*|x-amz-sdk-checksum-algorithm|x-amz-content-sha256)$/;

/**
 * moto enforces a bucket's policy but ignores the conditions in it: "deny without TLS" becomes "deny". Permissions are
 * not decided in the sandbox, so policies are kept here and moto holds one that decides nothing.
 */
export function keepBucketPolicies({ moto, notes }: OverrideContext): Override {
  const policies = notes.map("bucket-policies");
  return async (request) => {
    if (request.service !== "s3" || !/^(?:Get|Put|Delete)BucketPolicy$/.test(request.operation)) return undefined;
    const bucket = bucketOf(request.path);
    if (request.operation === "PutBucketPolicy") {
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !bodyHeaders.test(name)));
      const response = await moto.forward({ ...request, headers, body: withoutStatements });
      if (response.status < 300) policies.set(bucket, request.body.toString("utf8"));
      return response;
    }
    const response = await moto.forward(request);
    if (request.operation === "DeleteBucketPolicy") policies.delete(bucket);
    const kept = policies.get(bucket);
    return request.operation === "GetBucketPolicy" && response.status === 200 && kept !== undefined
      ? { status: 200, headers: { "content-type": "application/json" }, body: kept }
      : response;
  };
}

function bucketOf(path: string): string {
  return path.split("/")[1] ?? "";
}
