import type { Insight } from "@aws-sdk/client-eks";
import type { HubLock } from "../config/hub-lock.ts";
import { testedVersions } from "../versions.ts";
import { kubernetesVersion, minorOf } from "./compare-versions.ts";
import { judgeInsights } from "./insights.ts";
import { karpenterSupports } from "./karpenter-versions.ts";
import type { Obstacle } from "./obstacles.ts";
import type { Offers } from "./offers.ts";
import type { RemovedApi } from "./removed-apis.ts";

/** A node with the version of its kubelet. */
interface NodeVersion {
  name: string;
  kubelet: string;
}

export interface ReadinessFacts {
  deployment: string;
  /** The version that runs. */
  from: string;
  lock: HubLock;
  offers: Offers;
  /** Kubernetes version of each core node group. */
  coreNodes: readonly string[];
  /** Chart versions that run, as recorded before. */
  charts: Readonly<Record<string, string>>;
  insights: readonly Insight[];
  removedApis: readonly RemovedApi[];
  nodes: readonly NodeVersion[];
}

/** A kubelet may be so many minors behind: https://kubernetes.io/releases/version-skew-policy/#kubelet */
const greatestSkew = 3;

/** What speaks against moving the control plane to the version of the lock file. */
export function judgeReadiness(facts: ReadinessFacts): Obstacle[] {
  const { deployment, from, lock } = facts;
  const to = lock.kubernetes;
  const step = minorOf(to) - minorOf(from);
  if (step < 0) {
    const text = `the cluster runs Kubernetes ${from}, and EKS has no way back to ${to}, which the lock file names`;
    return [{ blocks: true, text, todo: `hubctl update --upgrade kubernetes --deployment ${deployment}` }];
  }
  if (step > 1) {
    const next = kubernetesVersion(minorOf(from) + 1);
    const text = `EKS moves one minor at a time: after ${from} comes ${next}, not ${to}`;
    return [
      {
        blocks: true,
        text,
        todo: `set kubernetes: "${from}" back in the lock file, then run hubctl update --upgrade kubernetes --deployment ${deployment}`,
      },
    ];
  }
  return [
    ...judgeOffer(facts),
    ...judgeComponents(facts),
    ...judgeNodes(facts),
    ...judgeApis(facts),
    ...judgeInsights(facts.insights),
  ];
}

function judgeOffer({ lock, offers }: ReadinessFacts): Obstacle[] {
  const to = lock.kubernetes;
  const offer = offers.kubernetes.find(({ version }) => version === to);
  if (!offer) {
    const list = offers.kubernetes.map(({ version }) => version).join(", ");
    return [{ blocks: true, text: `EKS does not offer Kubernetes ${to} (offered: ${list})` }];
  }
  const obstacles: Obstacle[] = [];
  if (offer.support !== "standard") {
    obstacles.push({ blocks: false, text: `Kubernetes ${to} is out of EKS' standard support, too` });
  }
  if (!testedVersions.kubernetes.some((version) => version === to)) {
    const todo = "npm install --global hubctl@latest";
    obstacles.push({ blocks: true, text: `this hubctl was not tested with Kubernetes ${to}`, todo });
  }
  return obstacles;
}

/** What runs in the cluster must know the new version before the control plane has it. */
function judgeComponents({ deployment, lock, offers, charts }: ReadinessFacts): Obstacle[] {
  const to = lock.kubernetes;
  const obstacles: Obstacle[] = [];
  const karpenter = charts["karpenter"];
  if (karpenter !== undefined && !karpenterSupports(karpenter, to)) {
    obstacles.push({
      blocks: true,
      text: `Karpenter ${karpenter} does not know Kubernetes ${to}: no user's node could start`,
      todo: `hubctl update --upgrade addons --deployment ${deployment}`,
    });
  }
  const offered = offers.byKubernetes[to];
  for (const [name, version] of Object.entries(lock.addons)) {
    const fitting = offered?.addons[name]?.fitting;
    if (fitting === undefined || fitting.includes(version)) continue;
    obstacles.push({
      blocks: true,
      text: `the add-on ${name} ${version} does not fit Kubernetes ${to}`,
      todo: `choose one of these in the lock file: ${fitting.slice(0, 5).join(", ")}`,
    });
  }
  return obstacles;
}

function judgeNodes({ deployment, from, lock, coreNodes, nodes }: ReadinessFacts): Obstacle[] {
  const to = minorOf(lock.kubernetes);
  // https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html
  const behind = coreNodes.find((version) => minorOf(version) < minorOf(from));
  const obstacles: Obstacle[] = [];
  if (behind !== undefined) {
    obstacles.push({
      blocks: true,
      text: `the core nodes run ${behind} beside a control plane of ${from}; EKS wants them equal before the next move`,
      todo: `set kubernetes: "${from}" back in the lock file, then run hubctl update --deployment ${deployment}`,
    });
  }
  const old = nodes.filter(({ kubelet }) => to - minorOf(kubelet) > greatestSkew);
  if (old.length > 0) {
    const names = old.slice(0, 5).map(({ name, kubelet }) => `${name} (${kubelet})`);
    obstacles.push({
      blocks: true,
      text: `${old.length} of ${nodes.length} nodes would be more than ${greatestSkew} minors behind: ${names.join(", ")}`,
      todo: "have the users of these nodes stop their servers: an empty node is replaced",
    });
  }
  return obstacles;
}

function judgeApis({ removedApis, lock }: ReadinessFacts): Obstacle[] {
  return removedApis.map(({ resource, apiVersion, removedIn }) => ({
    blocks: true,
    text: `something in the cluster uses ${resource} in ${apiVersion}, which Kubernetes ${removedIn} no longer has`,
    todo: `find what uses it, and bring it up to date before ${lock.kubernetes}: https://kubernetes.io/docs/reference/using-api/deprecation-guide/`,
  }));
}
