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
    return { done: name };
  },
  async run(installation: Installation, account: string) {
    await createStateBucket(installation.aws, account);
    installation.forget();
    await installation.takeRunLock();
  },
});
