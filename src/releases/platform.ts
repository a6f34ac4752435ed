import { join } from "node:path";
import type { ReleaseInputs } from "./inputs.ts";
import type { Release } from "./release.ts";
import { ownershipTags, resourceTags } from "./tags.ts";

/** Claims that the platform chart makes in the hub's namespace, and that users' pods mount. */
export const homeClaim = "home";
export const sharedClaim = "shared";

/** Sizes that suit most hubs; the larger ones come in only for users who would not fit otherwise. */
const usualLargestVcpus = 32;
const largestVcpus = 192;

export const platform: Release = {
  name: "platform",
  // Claims can only be mounted from their own namespace.
  namespace: "jupyterhub",
  chart: {
    name: "hubctl-platform",
    path: join(import.meta.dirname, "..", "..", "templates", "charts", "platform"),
  },
  values: (inputs: ReleaseInputs) => {
    const { config, lock, storage, cluster } = inputs;
    return {
      deployment: config.name,
      nodes: {
        imageAlias: lock.nodeImage.alias,
        instanceProfile: cluster.karpenter_instance_profile,
        subnetIds: [...cluster.private_subnet_ids],
        securityGroupIds: [cluster.cluster_security_group_id],
        zones: lock.zones.map((zone) => zone.name),
        tags: resourceTags(inputs),
        maxVcpus: config.users.maxVcpus,
        largestInstanceVcpus: largestInstance(config.users),
      },
      // Parameters of a storage class can't be changed, so it gets only tags that never change.
      storageClass: { tags: ownershipTags(inputs) },
      volumes: {
        fileSystemId: storage.file_system_id,
        home: { claim: homeClaim, accessPointId: storage.home_access_point_id },
        shared: { claim: sharedClaim, accessPointId: storage.shared_access_point_ids[sharedClaim] },
      },
    };
  },
};

function largestInstance({ cpu, memoryGiB }: ReleaseInputs["config"]["users"]): number {
  // Of a node with 32 vCPUs and 8 GiB for each, about this much is left for users.
  return cpu.guarantee > 30 || memoryGiB.guarantee > 230 ? largestVcpus : usualLargestVcpus;
}
