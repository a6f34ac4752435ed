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
    if (found !== "ready") return { change: `create the bucket ${name}`, plan: account };
    // Here and not in `run`: the plans that are made next are already of use to one run at a time only, and another
    // run may have made the bucket since this one looked first.
    await installation.takeRunLock();
    return { done: name };
  },
  async run(installation: Installation, account: string) {
    await createStateBucket(installation.aws, account);
    installation.forget();
    await installation.takeRunLock();
  },
});
