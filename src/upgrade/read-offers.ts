import { DescribeClusterVersionsCommand, type VersionStatus } from "@aws-sdk/client-eks";
import { describeCluster } from "../aws/cluster.ts";
import type { AwsClients } from "../aws/clients.ts";
import { describeCoreNodeGroups } from "../aws/core-node-group.ts";
import { hasNodeImage, offeredAddons, resolveNodeImage } from "../aws/resolve-versions.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { kubernetesVersion, minorOf } from "./compare-versions.ts";
import type { KubernetesOffer, Offers, OffersFor, RunningVersions } from "./offers.ts";

/** Asks EKS what there is to choose from for a deployment that has recorded `lock`. */
export async function readOffers(aws: AwsClients, lock: HubLock, running: RunningVersions): Promise<Offers> {
  const kubernetes = await readKubernetesOffers(aws);
  const newest = Math.max(minorOf(lock.kubernetes), minorOf(running.kubernetes ?? lock.kubernetes));
  const wanted = [lock.kubernetes, kubernetesVersion(newest), kubernetesVersion(newest + 1)];
  const known = [...new Set(wanted)].filter((version) => kubernetes.some((offer) => offer.version === version));
  const pairs = await Promise.all(
    known.map(async (version) => [version, await readOffersFor(aws, version, lock)] as const),
  );
  return { kubernetes, byKubernetes: Object.fromEntries(pairs) };
}

const supports: Partial<Record<VersionStatus, KubernetesOffer["support"]>> = {
  STANDARD_SUPPORT: "standard",
  EXTENDED_SUPPORT: "extended",
};

/** Newest first, also those that are out of every support. */
async function readKubernetesOffers(aws: AwsClients): Promise<KubernetesOffer[]> {
  const { clusterVersions = [] } = await aws.eks.send(new DescribeClusterVersionsCommand({ includeAll: true }));
  return clusterVersions
    .flatMap((offered) => {
      const { clusterVersion: version, versionStatus, endOfStandardSupportDate, endOfExtendedSupportDate } = offered;
      if (version === undefined) return [];
      const support = (versionStatus && supports[versionStatus]) ?? "none";
      return [
        {
          version,
          support,
          ...(endOfStandardSupportDate && { endOfStandard: endOfStandardSupportDate }),
          ...(endOfExtendedSupportDate && { endOfExtended: endOfExtendedSupportDate }),
        },
      ];
    })
    .sort((a, b) => minorOf(b.version) - minorOf(a.version));
}

async function readOffersFor(aws: AwsClients, version: string, { nodeImage: recorded }: HubLock): Promise<OffersFor> {
  const [addons, nodeImage, hasRecordedImage] = await Promise.all([
    offeredAddons(aws, version),
    resolveNodeImage(aws, version),
    hasNodeImage(aws, version, recorded.alias),
  ]);
  return { addons, nodeImage, hasRecordedImage };
}

export async function readRunning(aws: AwsClients, cluster: string): Promise<RunningVersions> {
  const [found, [group]] = await Promise.all([describeCluster(aws, cluster), describeCoreNodeGroups(aws, cluster)]);
  return {
    ...(found?.version !== undefined && { kubernetes: found.version }),
    ...(group?.version !== undefined && { coreNodes: group.version }),
  };
}
