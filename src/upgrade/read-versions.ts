import { DescribeAddonCommand } from "@aws-sdk/client-eks";
import { describeCluster } from "../aws/cluster.ts";
import type { AwsClients } from "../aws/clients.ts";
import { describeCoreNodeGroups } from "../aws/core-node-group.ts";
import type { HubConfig } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { hub } from "../releases/hub.ts";
import type { Exec } from "../tools/exec.ts";
import { listCommand, parseReleaseList, type KubeTarget } from "../tools/helm.ts";
import { getCommand, parseContainerImage, parseNodeVersions } from "../tools/kubectl.ts";
import { testedVersions } from "../versions.ts";
import { compareVersions } from "./compare-versions.ts";
import type { Offers } from "./offers.ts";
import { readOffers } from "./read-offers.ts";

/** One thing that has a version. What is undefined could not be told. */
export interface VersionRow {
  /** "Kubernetes", "add-on coredns", "chart jupyterhub" */
  what: string;
  running?: string;
  locked?: string;
  /** The newest that hubctl would move to, in several steps where that is needed. */
  newest?: string;
  /** Ends of EKS' standard and extended support, of what is locked. */
  supportEnds?: Date;
  extendedSupportEnds?: Date;
}

export interface VersionSubject {
  aws: AwsClients;
  config: HubConfig;
  lock: HubLock;
}

/** What runs in the cluster; asked apart, as the cluster may not answer. */
export interface InCluster {
  /** Chart version by release name. */
  charts: Readonly<Record<string, string>>;
  hubImage?: string;
  /** Version of the kubelet of each user's node. */
  userNodes: readonly string[];
}

export async function readVersions(subject: VersionSubject, inCluster: InCluster | undefined): Promise<VersionRow[]> {
  const { aws, config, lock } = subject;
  const [cluster, [group], addons] = await Promise.all([
    describeCluster(aws, config.name),
    describeCoreNodeGroups(aws, config.name),
    readAddons(subject),
  ]);
  const offers = await readOffers(aws, lock, cluster?.version === undefined ? {} : { kubernetes: cluster.version });
  const fitting = offers.byKubernetes[lock.kubernetes];
  return [
    kubernetesRow(lock, offers, cluster?.version),
    row("node image", group?.releaseVersion, lock.nodeImage.release, fitting?.nodeImage.release),
    ...userNodesRow(lock, inCluster),
    ...Object.entries(lock.addons).map(([name, locked]) =>
      row(`add-on ${name}`, addons.get(name), locked, fitting?.addons[name]?.preferred),
    ),
    ...chartRows(config, lock, inCluster),
    row("hub image", inCluster?.hubImage, config.hub.image === undefined ? "the chart's own" : undefined, undefined),
    row("provider hashicorp/aws", undefined, lock.provider, testedVersions.provider),
  ];
}

/** Asks the cluster itself, by its API server. */
export async function readInCluster(exec: Exec, target: KubeTarget): Promise<InCluster> {
  const [releases, nodes, deployment] = await Promise.all([
    exec(listCommand(target)),
    exec(getCommand(target, { resource: "nodes", selector: "karpenter.sh/nodepool" })),
    exec(getCommand(target, { resource: "deployments.apps", name: "hub", namespace: hub.namespace })),
  ]);
  const hubImage = parseContainerImage(deployment.stdout, "hub");
  return {
    charts: Object.fromEntries(parseReleaseList(releases.stdout).map(({ chart }) => splitChart(chart))),
    ...(hubImage !== undefined && { hubImage }),
    userNodes: parseNodeVersions(nodes.stdout).map(({ kubelet }) => kubelet),
  };
}

/** "karpenter-crd-1.14.1" is version 1.14.1 of karpenter-crd. */
function splitChart(chart: string): [string, string] {
  const [, name = chart, version = ""] = /^(.+?)-(\d.*)$/.exec(chart) ?? [];
  return [name, version];
}

function row(
  what: string,
  running: string | undefined,
  locked: string | undefined,
  offered: string | undefined,
): VersionRow {
  const isOlder = offered !== undefined && locked !== undefined && compareVersions(offered, locked) < 0;
  const newest = isOlder ? locked : offered;
  return {
    what,
    ...(running !== undefined && { running }),
    ...(locked !== undefined && { locked }),
    ...(newest !== undefined && { newest }),
  };
}

/** The newest that is in standard support and was tested. */
function kubernetesRow({ kubernetes }: HubLock, offers: Offers, running: string | undefined): VersionRow {
  const newest = testedVersions.kubernetes.find((tested) =>
    offers.kubernetes.some(({ version, support }) => version === tested && support === "standard"),
  );
  const { endOfStandard, endOfExtended } =
    offers.kubernetes.find(({ version }) => version === (running ?? kubernetes)) ?? {};
  return {
    ...row("Kubernetes", running, kubernetes, newest),
    ...(endOfStandard && { supportEnds: endOfStandard }),
    ...(endOfExtended && { extendedSupportEnds: endOfExtended }),
  };
}

/** They follow when they are empty, so several versions at a time are nothing unusual. */
function userNodesRow({ kubernetes }: HubLock, inCluster: InCluster | undefined): VersionRow[] {
  if (!inCluster || inCluster.userNodes.length === 0) return [];
  const counts = new Map<string, number>();
  for (const version of [...inCluster.userNodes].sort(compareVersions)) {
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  const running = [...counts].map(([version, count]) => `${count} × ${version}`).join(", ");
  return [{ what: "users' nodes", running, locked: kubernetes }];
}

function chartRows(
  { hub: { chartVersion } }: HubConfig,
  lock: HubLock,
  inCluster: InCluster | undefined,
): VersionRow[] {
  return Object.entries(testedVersions.charts).flatMap(([name, tested]) => {
    const running = inCluster?.charts[name];
    // Not every deployment has GPUs.
    if (inCluster && running === undefined && name === "nvidia-device-plugin") return [];
    const offered = name === "jupyterhub" ? (chartVersion ?? tested) : tested;
    return [row(`chart ${name}`, running, lock.charts[name] ?? tested, offered)];
  });
}

async function readAddons({ aws, config, lock }: VersionSubject): Promise<Map<string, string>> {
  const found = await Promise.all(
    Object.keys(lock.addons).map(async (addonName) => {
      try {
        const { addon } = await aws.eks.send(new DescribeAddonCommand({ clusterName: config.name, addonName }));
        return [addonName, addon?.addonVersion] as const;
      } catch (error) {
        if (error instanceof Error && error.name === "ResourceNotFoundException")
          return [addonName, undefined] as const;
        throw error;
      }
    }),
  );
  return new Map(found.flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])));
}
