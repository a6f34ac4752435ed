import {
  applyMountTargets,
  pendingMountTargets,
  planMountTargets,
  type MountTargetPlan,
} from "../aws/mount-targets.ts";
import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Report } from "../engine/step.ts";
import type { Installation } from "./installation.ts";

export const mountTargets = defineStep({
  id: "mount-targets",
  title: "Attach the file system to the VPC",
  usual: 90,
  async check(installation: Installation) {
    const [storage, cluster] = await Promise.all([installation.storageOutputs(), installation.clusterOutputs()]);
    if (!storage || !cluster) return { unknown: "known once file system and VPC exist" };
    const plan = await planMountTargets(installation.aws, {
      fileSystemId: storage.file_system_id,
      vpcId: cluster.vpc_id,
      subnetByZone: cluster.subnet_by_zone,
      securityGroupId: cluster.efs_security_group_id,
    });
    const pending = await pendingMountTargets(installation.aws, plan.fileSystemId);
    if (plan.create.length + plan.regroup.length + pending.length > 0) {
      return { change: `one mount target in each of ${Object.keys(cluster.subnet_by_zone).length} zones`, plan };
    }
    return { done: `${plan.existing.length} mount targets` };
  },
  async run(installation: Installation, plan: MountTargetPlan, report: Report) {
    await applyMountTargets(installation.aws, plan);
    await pollUntil(
      async () => {
        const pending = await pendingMountTargets(installation.aws, plan.fileSystemId);
        report.progress(pending.join(", "));
        return pending.length === 0 ? true : undefined;
      },
      { what: "the file system's mount targets", everySeconds: 3, timeoutSeconds: 600, signal: installation.signal },
    );
  },
});
