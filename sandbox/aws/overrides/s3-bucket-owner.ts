import { errorAnswer } from "../answers.ts";
import type { Override } from "../received.ts";

/** moto ignores ExpectedBucketOwner; and nobody here can reach a bucket of another account, so the owner is the caller. */
export function checkBucketOwner(): Override {
  return (request) => {
    const expected = request.headers["x-amz-expected-bucket-owner"];
    if (request.service !== "s3" || expected === undefined || expected === request.caller.account) {
      return Promise.resolve(undefined);
    }
    return Promise.resolve(errorAnswer(request, 403, "AccessDenied", "Access Denied"));
  };
}
