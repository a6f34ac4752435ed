import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { findStateBucket } from "../../aws/state-bucket.ts";
import { removeRecords, removeUnlockedRecords } from "../../aws/remove-state.ts";
import { defineStep } from "../../engine/step.ts";
import { isKeptData } from "./belongings.ts";
import type { Cleanup } from "./cleanup.ts";

/**
 * Last of all, since state and lock file are what finds the rest again. An id is never used twice: the name of a secret
 * that waits for its end is not free.
 */
export const removeState = defineStep({
  id: "remove-state",
  title: "Remove what hubctl itself remembers",
  async check(cleanup: Cleanup) {
    const { aws, data, deployment } = cleanup;
    const { resources } = await cleanup.inventory();
    if (data === "keep" && resources.some(isKeptData)) return { done: "it is what finds the kept data again" };
    const { account } = await cleanup.caller();
    const hasBucket = (await findStateBucket(aws, account)) !== "missing";
    const records = resources.some(({ category }) => category === "terraform-state");
    if (!records && !existsSync(deployment.lockFile)) return { done: "there is nothing" };
    const what = [...(records ? ["Terraform's state, journals"] : []), "lock file"];
    return { change: what.join(", "), plan: { account, hasBucket } };
  },
  async run(cleanup: Cleanup, { account, hasBucket }: { account: string; hasBucket: boolean }) {
    const { aws, config, deployment, workDir } = cleanup;
    const records = { account, deployment: config.name };
    if (hasBucket) {
      await removeRecords(aws, records);
      await cleanup.leaveStateBucket();
      await removeUnlockedRecords(aws, records);
    }
    const stacks = [workDir.terraform("storage"), workDir.terraform("cluster")];
    const local = [deployment.lockFile, workDir.kubeconfig, workDir.kubeconfigForChecks, ...stacks];
    await Promise.all(local.map((path) => rm(path, { recursive: true, force: true })));
    cleanup.inventory.forget();
  },
});
