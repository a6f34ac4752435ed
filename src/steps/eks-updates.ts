import { describeCluster } from "../aws/cluster.ts";
import { describeCoreNodeGroups } from "../aws/core-node-group.ts";
import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Report } from "../engine/step.ts";
import type { Installation } from "./installation.ts";

/** EKS takes one change at a time; a run that was stopped, or somebody else, may have begun one. */
export const eksUpdates = defineStep({
  id: "eks-updates",
  title: "Wait for what EKS has begun",
  usual: 10 * 60,
  async check(installation: Installation) {
    const busy = await findBusy(installation);
    return busy.length === 0 ? { done: "EKS is changing nothing" } : { change: busy.join(", "), plan: undefined };
  },
  async run(installation: Installation, _plan: undefined, report: Report) {
    await pollUntil(
      async () => {
        const busy = await findBusy(installation);
        report.progress(busy.join(", "));
        return busy.length === 0 ? true : undefined;
      },
      { what: "EKS to end an update", everySeconds: 10, timeoutSeconds: 3600, signal: installation.signal },
    );
    installation.forget();
  },
});

async function findBusy({ aws, config }: Installation): Promise<string[]> {
  const [cluster, groups] = await Promise.all([
    describeCluster(aws, config.name),
    describeCoreNodeGroups(aws, config.name),
  ]);
  return [
    ...(cluster?.status === "UPDATING" ? ["the control plane is being updated"] : []),
    ...groups
      .filter(({ status }) => status === "UPDATING")
      .map(({ nodegroupName = "?" }) => `the node group ${nodegroupName} is being updated`),
  ];
}
