import { createStateBucket, findStateBucket, stateBucketName } from "../aws/state-bucket.ts";
import { defineStep } from "../engine/step.ts";
import type { Installation } from "./installation.ts";

export const stateBucket = defineStep({
  id: "state-bucket",
  title: "Keep Terraform's state in a bucket and take the run lock",
  async check(installation: Installation) {
    const { account } = await installation.caller();
    const name = stateBucketName(account, installation.aws.region);
    const found = await findStateBucket(installation.aws, account);
    if (found === "missing" || !(await installation.stateBucketReady())) {
      return { change: `create the bucket ${name}`, plan: account };
    }
    // Here and not in `run`: the plans that are made next are already of use to one run at a time only, and another
    // run may have made the bucket since this one looked first.
    try {
      await installation.takeRunLock();
    } catch (error) {
      if (!isGone(error)) throw error;
      return { change: `create the bucket ${name}`, plan: account };
    }
    if (found === "ready") return { done: name };
    return { change: `versions and protection for the bucket ${name}`, plan: account };
  },
  async run(installation: Installation, account: string) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await createStateBucket(installation.aws, account);
        installation.forget();
        await installation.takeRunLock();
        return;
      } catch (error) {
        if (!isGone(error) || attempt === 3) throw error;
      }
    }
  },
});

/** The cleanup of the last other deployment may remove the bucket until the run lock is in it. */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.name === "NoSuchBucket";
}
