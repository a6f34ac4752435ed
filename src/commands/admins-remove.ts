import { setTimeout as wait } from "node:timers/promises";
import { readRoster } from "../admins/cluster.ts";
import { planRemoval } from "../admins/plan-remove.ts";
import { readPrincipal } from "../admins/principal.ts";
import { applyProved } from "../admins/prove.ts";
import { createOutput } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";
import { inCluster, type ClusterOptions } from "./admin-cluster.ts";
import { formatGaps, rescueOf, standingNote } from "./admins-screens.ts";

export interface RemoveAdminOptions extends ClusterOptions {
  force: boolean;
  yes: boolean;
  dryRun: boolean;
  debug?: boolean;
}

/** Takes away all ways in of one user or role. */
export async function removeAdmin(arn: string, options: RemoveAdminOptions): Promise<void> {
  const output = createOutput({ debug: options.debug ?? false });
  const principal = readPrincipal(arn);
  const note = (line: string) => output.note(line);
  const warn = (line: string) => output.note(`${output.style("yellow", "!")} ${line}`);
  await inCluster(options, async (opened) => {
    const { cluster, saveBackup } = opened;
    const roster = await readRoster(cluster);
    [...formatGaps(roster), ...standingNote(roster)].forEach(warn);
    const plan = await planRemoval(cluster, roster, { principal, isForced: options.force, saveBackup, note });
    note(`To be taken from ${cluster.name} (${cluster.region}):`);
    for (const line of plan.lines) note(`  - ${line}`);
    plan.warnings.forEach(warn);
    if (options.dryRun) return;
    if (!options.yes) {
      await confirmOrAbort(output, { message: "Take it away?", flag: "--yes", declined: "nothing was taken away" });
    }
    const { api } = cluster;
    await applyProved(plan.changes, { api, before: roster.standing, wait, note, rescue: rescueOf(opened) });
    output.result(`${output.style("green", "✔")} ${principal.arn} can't get into ${cluster.name} any more`);
  });
}
