import { DescribeClusterVersionsCommand, type Cluster, type ClusterVersionInformation } from "@aws-sdk/client-eks";
import { refuseForeignCluster } from "../aws/cluster.ts";
import { UserError } from "../errors.ts";
import { afterStandardSupport, noticeDays } from "../upgrade/support.ts";
import { daysUntil, formatDay } from "./age.ts";
import { conclude, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

export async function checkCluster(scene: Scene): Promise<Finding> {
  const versions = settle(askVersions(scene));
  return judgeCluster(scene, await scene.cluster, await versions);
}

async function askVersions({ aws }: Scene): Promise<ClusterVersionInformation[]> {
  // Without this, versions that are out of every support are left out.
  const answer = await aws.eks.send(new DescribeClusterVersionsCommand({ includeAll: true }));
  return answer.clusterVersions ?? [];
}

type Subject = Pick<Scene, "config" | "lock" | "now" | "deployment">;

export function judgeCluster(
  scene: Subject,
  cluster: Cluster | undefined,
  versions: Answer<ClusterVersionInformation[]>,
): Finding {
  const { config, lock } = scene;
  const install = installAgain(scene);
  if (!cluster) {
    const text = `there is no EKS cluster named ${config.name} in ${lock.region}`;
    return conclude("", [{ state: "problem", text, todo: install }]);
  }
  const foreign = foreignCluster(cluster, lock.id);
  if (foreign) {
    const { message, hint } = foreign;
    return conclude("", [{ state: "problem", text: message, ...(hint !== undefined && { todo: hint }) }]);
  }

  const { version = "?" } = cluster;
  const remarks = [...statusRemarks(cluster, install), ...issueRemarks(cluster)];
  if (version !== lock.kubernetes) {
    const text = `it runs Kubernetes ${version}, but ${lock.kubernetes} is recorded`;
    remarks.push({ state: "warning", text, todo: `look who updated it: aws eks list-updates --name ${config.name}` });
  }
  const support = judgeSupport(version, versions, scene);
  if ("state" in support) remarks.push(support);
  const days = "days" in support ? support.days : undefined;
  return conclude(
    `Kubernetes ${version}, ${days === undefined ? "" : `${days} days of standard support left`}`,
    remarks,
    {
      status: cluster.status,
      version,
      ...support.details,
    },
  );
}

/** The error that an install would end with; undefined if the cluster is this deployment's. */
export function foreignCluster(cluster: Cluster, id: string): UserError | undefined {
  try {
    refuseForeignCluster(cluster, id);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function statusRemarks({ status }: Cluster, install: string): Remark[] {
  if (status === "ACTIVE") return [];
  if (status === "CREATING") return [{ state: "warning", text: "the cluster is being created", todo: install }];
  if (status === "UPDATING") {
    return [{ state: "warning", text: "the cluster is being updated", todo: "wait, then look again" }];
  }
  return [{ state: "problem", text: `EKS says that the cluster is ${status ?? "in no state"}`, todo: install }];
}

function issueRemarks({ health }: Cluster): Remark[] {
  return (health?.issues ?? []).map(({ code = "?", message = "", resourceIds = [] }) => ({
    state: "problem",
    text: `EKS says ${code}: ${message}${resourceIds.length === 0 ? "" : ` (${resourceIds.join(", ")})`}`,
    todo: "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#cluster-health-status",
  }));
}

type Support = { details: Record<string, unknown> } & (Remark | { days: number });

function judgeSupport(
  version: string,
  versions: Answer<ClusterVersionInformation[]>,
  { now, config, deployment }: Subject,
): Support {
  if ("unknown" in versions) {
    const text = `how long Kubernetes ${version} is supported can't be asked: ${versions.unknown}`;
    return { state: "unknown", text, details: {} };
  }
  const information = versions.value.find(({ clusterVersion }) => clusterVersion === version);
  const end = information?.endOfStandardSupportDate;
  if (!end) {
    return { state: "unknown", text: `EKS does not say how long Kubernetes ${version} is supported`, details: {} };
  }
  const days = daysUntil(end, now);
  const details = { supportEnds: end.toISOString(), supportDaysLeft: days };
  if (days > noticeDays) return { days, details };
  const then = afterStandardSupport(config.cluster);
  const todo = `hubctl update --upgrade kubernetes --deployment ${deployment.name}`;
  if (days < 0) {
    return {
      state: "warning",
      text: `Kubernetes ${version} is out of standard support since ${formatDay(end)}: ${then}`,
      todo,
      details,
    };
  }
  const text = `Kubernetes ${version} has ${days} days of standard support left; from ${formatDay(end)} on ${then}`;
  return { state: "warning", text, todo, details };
}
