import { describeCluster, refuseForeignCluster } from "../aws/cluster.ts";
import { defineStep } from "../engine/step.ts";
import type { Installation } from "./installation.ts";
import { applyStack, checkStack, previewStack } from "./terraform-stack.ts";

export const clusterStack = defineStep({
  id: "cluster-stack",
  title: "Create the VPC, the EKS cluster and its core nodes",
  // The control plane about 9 minutes, the nodes 3, the add-ons that need nodes 2.
  usual: 14 * 60,
  async check(installation: Installation) {
    const [cluster, { lock, recorded }] = await Promise.all([
      describeCluster(installation.aws, installation.config.name),
      installation.lock(),
    ]);
    refuseForeignCluster(cluster, recorded ? lock.id : undefined);
    return checkStack("cluster", "Change the VPC, the EKS cluster and its core nodes")(installation);
  },
  preview: previewStack,
  run: applyStack("cluster"),
});
