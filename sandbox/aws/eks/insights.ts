import { createHash } from "node:crypto";
import type {
  Insight,
  InsightResourceDetail,
  InsightsFilter,
  InsightStatusValue,
  ListInsightsRequest,
} from "@aws-sdk/client-eks";
import { findAddon } from "./addon-versions.ts";
import { timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { notFound } from "./errors.ts";
import type { Node } from "./nodegroup-nodes.ts";
import { paginate, param } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord } from "./state.ts";
import { findMinor } from "./versions.ts";
import type { Wire, With } from "./wire.ts";

type InsightShape = With<Wire<Insight>, "id" | "name" | "category" | "kubernetesVersion" | "insightStatus"> & {
  insightStatus: { status: InsightStatusValue; reason: string };
};

export function insightOperations(context: EksContext): Operation[] {
  return [
    {
      name: "ListInsights",
      method: "POST",
      path: "/clusters/{name}/insights",
      run: (call) => listInsights(context, call),
    },
    {
      name: "DescribeInsight",
      method: "GET",
      path: "/clusters/{name}/insights/{id}",
      run: (call) => describeInsight(context, call),
    },
  ];
}

async function listInsights(context: EksContext, call: Call): Promise<object> {
  const record = context.store.get(param(call, "name"));
  const body = call.body as Partial<ListInsightsRequest>;
  const found = (await findInsights(context, record)).filter((insight) => fits(insight, body.filter ?? {}));
  const { items, ...rest } = paginate(found, body);
  return { insights: items.map(summaryOf), ...rest };
}

function fits({ category, kubernetesVersion, insightStatus }: InsightShape, filter: InsightsFilter): boolean {
  const allows = (wanted: readonly string[] | undefined, value: string) =>
    wanted === undefined || wanted.length === 0 || wanted.includes(value);
  return (
    allows(filter.categories, category) &&
    allows(filter.kubernetesVersions, kubernetesVersion) &&
    allows(filter.statuses, insightStatus.status)
  );
}

/** A list leaves out what to do about it. */
function summaryOf(insight: InsightShape): object {
  const { id, name, category, kubernetesVersion, lastRefreshTime, lastTransitionTime, description } = insight;
  const { insightStatus } = insight;
  return { id, name, category, kubernetesVersion, lastRefreshTime, lastTransitionTime, description, insightStatus };
}

async function describeInsight(context: EksContext, call: Call): Promise<object> {
  const record = context.store.get(param(call, "name"));
  const id = param(call, "id");
  const insight = (await findInsights(context, record)).find((one) => one.id === id);
  if (insight === undefined) throw notFound(`No insight found for ID: ${id}`, { clusterName: record.shape.name });
  return { insight };
}

/** What speaks against the next minor; looked for at each call, where EKS looks once a day. */
export async function findInsights(context: EksContext, record: ClusterRecord): Promise<InsightShape[]> {
  const next = findMinor(`1.${minorNumber(record.shape.version) + 1}`)?.minor;
  if (next === undefined) return [];
  const plane = context.planes.get(record.shape.name);
  const nodes = (await plane?.kube.list<Node>("/api/v1/nodes")) ?? [];
  const metrics = (await plane?.kube.text("/metrics").catch(() => undefined)) ?? "";
  return [
    deprecatedApis(context, record, next, metrics),
    kubeletSkew(context, record, next, nodes),
    addonFit(context, record, next),
  ];
}

interface Finding {
  status: InsightStatusValue;
  reason: string;
  resources?: Wire<InsightResourceDetail>[];
}

interface Kind {
  name: string;
  description: string;
  recommendation: string;
}

function insightOf(
  context: EksContext,
  { shape }: ClusterRecord,
  { name, description, recommendation }: Kind,
  kubernetesVersion: string,
  { status, reason, resources = [] }: Finding,
): InsightShape {
  const hash = createHash("sha256").update(`${shape.arn} ${name}`).digest("hex");
  const id = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
  return {
    id,
    name,
    category: "UPGRADE_READINESS",
    kubernetesVersion,
    description,
    recommendation,
    lastRefreshTime: timestamp(context),
    lastTransitionTime: timestamp(context),
    insightStatus: { status, reason },
    resources,
    additionalInfo: {},
    categorySpecificSummary: {},
  };
}

function deprecatedApis(context: EksContext, record: ClusterRecord, next: string, metrics: string): InsightShape {
  const used = metrics.split("\n").filter((line) => {
    const removed = /^apiserver_requested_deprecated_apis\{.*removed_release="1\.(\d+)"/.exec(line)?.[1];
    return removed !== undefined && Number(removed) <= minorNumber(next);
  });
  const kind = {
    name: `Deprecated APIs removed in Kubernetes v${next}`,
    description: "Checks for usage of deprecated APIs that are scheduled for removal in the next version",
    recommendation: "Update manifests and API clients to use newer Kubernetes APIs before upgrading",
  };
  return insightOf(
    context,
    record,
    kind,
    next,
    used.length === 0
      ? { status: "PASSING", reason: "No deprecated API usage detected within the last 30 days." }
      : { status: "ERROR", reason: `Deprecated API usage detected: ${used.length} APIs` },
  );
}

function kubeletSkew(context: EksContext, record: ClusterRecord, next: string, nodes: readonly Node[]): InsightShape {
  const behind = (node: Node) =>
    minorNumber(next) - minorNumber((node.status?.nodeInfo?.kubeletVersion ?? next).replace(/^v/, ""));
  const old = nodes.filter((node) => behind(node) > 3);
  const kind = {
    name: "Kubelet version skew",
    description: "Checks for kubelet versions of worker nodes that the next version would not be compatible with",
    recommendation: "Update worker nodes to a version that is at most three minors older than the control plane",
  };
  return insightOf(
    context,
    record,
    kind,
    next,
    old.length === 0
      ? { status: "PASSING", reason: "Node kubelet versions match the cluster control plane version." }
      : {
          status: "ERROR",
          reason: "Worker nodes are too old for the next version",
          resources: old.map(({ metadata }) => ({
            kubernetesResourceUri: `/api/v1/nodes/${metadata.name}`,
            insightStatus: { status: "ERROR", reason: "kubelet is too old" },
          })),
        },
  );
}

function addonFit(context: EksContext, record: ClusterRecord, next: string): InsightShape {
  const unfit = Object.values(record.addons).filter(({ shape }) => {
    const offered = findAddon(shape.addonName)?.versions.find(({ version }) => version === shape.addonVersion);
    return offered?.minors.includes(next) === false;
  });
  const kind = {
    name: "EKS add-on version compatibility",
    description: "Checks that installed EKS add-ons are compatible with the next version",
    recommendation: "Upgrade the add-ons to a compatible version before upgrading",
  };
  return insightOf(
    context,
    record,
    kind,
    next,
    unfit.length === 0
      ? { status: "PASSING", reason: "All installed EKS add-on versions are compatible with next Kubernetes version." }
      : {
          status: "ERROR",
          reason: "Some installed EKS add-ons are not compatible with the next Kubernetes version",
          resources: unfit.map(({ shape }) => ({
            arn: shape.addonArn,
            insightStatus: { status: "ERROR", reason: `${shape.addonName} ${shape.addonVersion} does not fit ${next}` },
          })),
        },
  );
}

function minorNumber(version: string): number {
  return Number(version.split(".")[1]);
}
