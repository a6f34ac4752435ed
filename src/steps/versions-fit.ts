import type { Nodegroup } from "@aws-sdk/client-eks";
import { describeCluster } from "../aws/cluster.ts";
import { describeCoreNodeGroups } from "../aws/core-node-group.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { defineStep } from "../engine/step.ts";
import { ToolError, UserError } from "../errors.ts";
import { getCommand, metricsCommand, parseNodeVersions } from "../tools/kubectl.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { compareVersions } from "../upgrade/compare-versions.ts";
import { judgeChartChange } from "../upgrade/hub-chart-changes.ts";
import { readInsights } from "../upgrade/insights.ts";
import { karpenterObstacle } from "../upgrade/karpenter-versions.ts";
import { judgeReadiness } from "../upgrade/kubernetes-readiness.ts";
import type { Obstacle } from "../upgrade/obstacles.ts";
import { readOffers } from "../upgrade/read-offers.ts";
import { parseRemovedApis } from "../upgrade/removed-apis.ts";
import { findReach } from "./cluster-reach.ts";
import type { Installation } from "./installation.ts";

/** Only looks: what speaks against a move is said before anything is recorded or touched. */
export const versionsFit = defineStep({
  id: "versions-fit",
  title: "Check that the recorded versions fit what runs",
  async check(installation: Installation) {
    const { lock, recorded, replaces } = await installation.lock();
    if (!recorded) return { done: "nothing runs yet" };
    const { aws, config } = installation;
    const [cluster, groups] = await Promise.all([
      describeCluster(aws, config.name),
      describeCoreNodeGroups(aws, config.name),
    ]);
    if (cluster?.version === undefined || cluster.tags?.["hubctl:id"] !== lock.id) return { done: "nothing runs yet" };
    const obstacles = [
      ...(replaces ? judgeCharts(installation, replaces, lock) : []),
      ...(cluster.version === lock.kubernetes
        ? judgeNodeImages(config.name, groups, lock)
        : await askReadiness(installation, { from: cluster.version, groups, running: replaces ?? lock })),
    ];
    for (const { text, todo } of obstacles.filter(({ blocks }) => !blocks)) {
      installation.note(`! ${text}${todo === undefined ? "" : `; ${todo}`}`);
    }
    refuseBlocking(obstacles);
    const isSame = cluster.version === lock.kubernetes;
    return { done: isSame ? `Kubernetes ${lock.kubernetes}` : `ready for Kubernetes ${lock.kubernetes}` };
  },
  // There is never a change to make.
  run: () => Promise.resolve(),
});

function judgeCharts({ config }: Installation, from: HubLock, to: HubLock): Obstacle[] {
  const [before = "", after = ""] = [from, to].map(({ charts }) => charts["jupyterhub"]);
  const karpenter = karpenterObstacle(from.charts["karpenter"], to.charts["karpenter"] ?? "");
  return [
    ...judgeChartChange(before, after, config),
    ...(karpenter ? [{ blocks: true, text: `Karpenter: ${karpenter.why}`, todo: karpenter.first }] : []),
  ];
}

/** Somebody else may have updated the core nodes; Terraform would ask EKS for the way back, which there is not. */
function judgeNodeImages(deployment: string, groups: readonly Nodegroup[], lock: HubLock): Obstacle[] {
  const recorded = lock.nodeImage.release;
  const newer = groups.find(({ releaseVersion = "" }) => compareVersions(releaseVersion, recorded) > 0)?.releaseVersion;
  if (newer === undefined) return [];
  return [
    {
      blocks: true,
      text: `the core nodes run the image ${newer}, and EKS has no way back to ${recorded}, which the lock file names`,
      todo: `hubctl update --upgrade nodes --deployment ${deployment}`,
    },
  ];
}

/** `running` holds the charts that run, as far as the lock file knows. */
async function askReadiness(
  installation: Installation,
  { from, groups, running }: { from: string; groups: readonly Nodegroup[]; running: HubLock },
): Promise<Obstacle[]> {
  const { aws, config } = installation;
  const { lock } = await installation.lock();
  const target = await askTarget(installation, lock.id);
  const [offers, insights, inCluster] = await Promise.all([
    readOffers(aws, lock, { kubernetes: from }),
    readInsights(aws, config.name, lock.kubernetes),
    askCluster(installation, target, lock.kubernetes),
  ]);
  return judgeReadiness({
    deployment: config.name,
    from,
    lock,
    offers,
    coreNodes: groups.flatMap(({ version }) => version ?? []),
    charts: running.charts,
    insights,
    ...inCluster,
  });
}

async function askTarget(installation: Installation, id: string): Promise<KubeTarget> {
  const target = await installation.kubeTarget();
  if (target) return target;
  const reach = await findReach(installation, id);
  if (reach.kind === "ok") return reach.target;
  throw new ToolError("ClusterUnreachable", `the cluster can't be asked whether it is ready: ${reach.why}`, {
    hint: `hubctl status --deployment ${installation.config.name} tells what is not well`,
  });
}

async function askCluster({ exec }: Installation, target: KubeTarget, kubernetes: string) {
  const [nodes, metrics] = await Promise.all([
    exec(getCommand(target, { resource: "nodes" })),
    exec(metricsCommand(target)),
  ]);
  return { nodes: parseNodeVersions(nodes.stdout), removedApis: parseRemovedApis(metrics.stdout, kubernetes) };
}

function refuseBlocking(obstacles: readonly Obstacle[]): void {
  const blocking = obstacles.filter(({ blocks }) => blocks);
  const [first] = blocking;
  if (first === undefined) return;
  const lines = blocking.map(({ text, todo }) => (todo === undefined ? text : `${text}\n  → ${todo}`));
  const more = blocking.length === 1 ? "" : ` (and ${blocking.length - 1} more)`;
  throw new UserError("VersionsDoNotFit", `${first.text}${more}; nothing was touched`, {
    output: lines.join("\n"),
    ...(first.todo !== undefined && { hint: first.todo }),
  });
}
