import { takeInventory } from "../aws/inventory/index.ts";
import { LeftoversError } from "../errors.ts";
import type { Installation } from "../steps/installation.ts";
import { formatTotals, isOf } from "./audit-screens.ts";

/**
 * Without a lock file nobody knows which id is this deployment's, so that nothing is deleted by it. What there is under
 * its name is told of.
 */
export async function refuseLeftBehind({ aws, config, caller }: Installation): Promise<void> {
  const { account } = await caller();
  const { resources } = await takeInventory(aws, { account, heldLock: config.name });
  // The run lock that this very run has taken.
  const left = resources.filter((one) => isOf(one, config.name) && !one.id.endsWith("/run.lock") && !one.going);
  if (left.length === 0) return;
  const { region } = config.aws;
  throw new LeftoversError(
    "LockFileMissing",
    `${formatTotals(left)} of a deployment named ${config.name} in ${region}, but its lock file is not here`,
    {
      hint:
        `bring configuration and lock file here (hubctl init --fetch ${config.name} --region ${region}) and run it again, ` +
        `or delete what is orphaned without them: hubctl audit --region ${region} --deployment ${config.name} --delete`,
    },
  );
}
