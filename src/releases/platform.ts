import { join } from "node:path";
import { databaseCopies } from "./hub-database.ts";
import type { ReleaseInputs } from "./inputs.ts";
import { nodePools } from "./node-pools.ts";
import type { Release } from "./release.ts";
import { serviceAccounts } from "./service-accounts.ts";
import { folderClaim } from "./shared-folders.ts";
import { ownershipTags, resourceTags } from "./tags.ts";

/** Claim that the platform chart makes in the hub's namespace, and that users' pods mount. */
export const homeClaim = "home";

/** In place of an access point that is still to be made, in the form that the chart asks for: such values are only looked at. */
const notYet = "fsap-00000000000000000";

export const platform: Release = {
  name: "platform",
  // Claims can only be mounted from their own namespace.
  namespace: "jupyterhub",
  chart: {
    name: "hubctl-platform",
    path: join(import.meta.dirname, "..", "..", "templates", "charts", "platform"),
  },
  waitsFor: ({ config, storage }) => {
    const unmade = config.storage.sharedFolders.filter(({ name }) => !(name in storage.shared_access_point_ids));
    if (unmade.length === 0) return undefined;
    return `known once the storage has ${unmade.map(({ name }) => name).join(", ")}`;
  },
  values: (inputs: ReleaseInputs) => {
    const { config, lock, storage, cluster } = inputs;
    const key = storage.encryption_key_arn;
    const hubDatabase = databaseCopies(inputs);
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
        pools: nodePools(config),
      },
      // Parameters of a storage class can't be changed, so it gets only tags that never change.
      storageClass: { tags: ownershipTags(inputs), ...(key === undefined ? {} : { kmsKeyId: key }) },
      volumes: {
        fileSystemId: storage.file_system_id,
        home: { claim: homeClaim, accessPointId: storage.home_access_point_id },
        shared: config.storage.sharedFolders.map(({ name }) => ({
          claim: folderClaim(name),
          accessPointId: storage.shared_access_point_ids[name] ?? notYet,
        })),
      },
      ...(hubDatabase === undefined ? {} : { hubDatabase }),
      serviceAccounts: serviceAccounts(config),
      fill: {
        region: config.aws.region,
        folders: config.storage.sharedFolders.flatMap(({ name, fillFrom }) =>
          fillFrom === undefined ? [] : [{ name, claim: folderClaim(name), source: fillFrom }],
        ),
      },
    };
  },
};
