import type { ControlPlane } from "../../kube/types.ts";
import type { AwsClients } from "./clients.ts";
import type { DataPlane, EksDelays } from "./dependencies.ts";
import { inUse, invalidRequest } from "./errors.ts";
import type { Jobs } from "./jobs.ts";
import type { ClusterRecord, ClusterStore } from "./state.ts";

/** What all operations share. */
export interface EksContext {
  account: string;
  region: string;
  aws: AwsClients;
  dataPlane: DataPlane;
  delays: EksDelays;
  now: () => number;
  store: ClusterStore;
  jobs: Jobs;
  /** The control planes that run, by cluster. */
  planes: Map<string, ControlPlane>;
}

/** Now, as EKS writes timestamps: seconds with milliseconds as decimals. */
export function timestamp(context: EksContext): number {
  return context.now() / 1000;
}

export function arnOf(context: EksContext, resource: string): string {
  return `arn:aws:eks:${context.region}:${context.account}:${resource}`;
}

/** The cluster, if its status allows that something in it is changed. */
export function activeCluster(context: EksContext, name: string, operation: string): ClusterRecord {
  const record = context.store.get(name);
  const { status } = record.shape;
  const subject = { clusterName: name };
  if (status === "UPDATING") {
    throw inUse(`Cannot ${operation} because cluster ${name} ${updateUnderWay(record)}`, subject);
  }
  if (status !== "ACTIVE") {
    throw invalidRequest(`Cannot ${operation} because cluster ${name} is not in ACTIVE status: ${status}`, subject);
  }
  return record;
}

export function planeOf(context: EksContext, cluster: string): ControlPlane {
  const plane = context.planes.get(cluster);
  if (plane === undefined) throw new Error(`the control plane of ${cluster} does not run`);
  return plane;
}

/** In EKS' words: which update keeps others waiting. */
export function updateUnderWay({ updates }: ClusterRecord): string {
  const id = updates.find(({ shape }) => shape.status === "InProgress")?.shape.id ?? "";
  return `currently has update ${id} in progress`;
}
