import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  AccessEntry,
  Addon,
  AssociatedAccessPolicy,
  Cluster,
  Nodegroup,
  PodIdentityAssociation,
  Update,
} from "@aws-sdk/client-eks";
import { notFound } from "./errors.ts";
import type { Wire, With } from "./wire.ts";

export type ClusterShape = With<
  Wire<Cluster>,
  | "name"
  | "arn"
  | "version"
  | "roleArn"
  | "status"
  | "createdAt"
  | "tags"
  | "resourcesVpcConfig"
  | "kubernetesNetworkConfig"
  | "logging"
  | "accessConfig"
>;
type NodegroupShape = With<
  Wire<Nodegroup>,
  | "nodegroupName"
  | "nodegroupArn"
  | "clusterName"
  | "version"
  | "releaseVersion"
  | "status"
  | "scalingConfig"
  | "subnets"
  | "nodeRole"
  | "labels"
  | "amiType"
  | "capacityType"
  | "tags"
  | "health"
>;
export type AddonShape = With<
  Wire<Addon>,
  "addonName" | "clusterName" | "addonVersion" | "addonArn" | "status" | "tags" | "health"
>;
type AccessEntryShape = With<
  Wire<AccessEntry>,
  "clusterName" | "principalArn" | "accessEntryArn" | "kubernetesGroups" | "username" | "type" | "tags" | "createdAt"
>;
export type AccessPolicyShape = With<Wire<AssociatedAccessPolicy>, "policyArn" | "accessScope" | "associatedAt">;
type AssociationShape = With<
  Wire<PodIdentityAssociation>,
  "clusterName" | "namespace" | "serviceAccount" | "roleArn" | "associationArn" | "associationId" | "tags" | "createdAt"
>;
type UpdateShape = With<Wire<Update>, "id" | "status" | "type" | "createdAt">;

export interface NodegroupRecord {
  shape: NodegroupShape;
  /** Part of the names of what EKS makes for it. */
  uuid: string;
  /** EKS' own copy of the launch template. */
  launchTemplateId?: string;
  /** The version of that copy which new instances get. */
  launchTemplateVersion?: string;
}

export interface AddonRecord {
  shape: AddonShape;
  /** Of a deletion: leave the objects in the cluster. */
  preserve?: boolean;
}

export interface AccessEntryRecord {
  shape: AccessEntryShape;
  policies: { shape: AccessPolicyShape; effectiveAt: number }[];
  /** Milliseconds since 1970. */
  effectiveAt: number;
  /** Made by EKS for a node group's role. */
  managed: boolean;
}

export interface AssociationRecord {
  shape: AssociationShape;
  /** Milliseconds since 1970. */
  effectiveAt: number;
}

export interface UpdateRecord {
  shape: UpdateShape;
  nodegroupName?: string;
  addonName?: string;
}

/** One cluster with all that belongs to it. */
export interface ClusterRecord {
  shape: ClusterShape;
  /** ARN of the IAM user or role that called CreateCluster. */
  creatorArn: string;
  /** Whether the creator is an administrator of the cluster. */
  creatorIsAdmin: boolean;
  selfManagedAddons: boolean;
  networkInterfaceIds: string[];
  nodegroups: Record<string, NodegroupRecord>;
  addons: Record<string, AddonRecord>;
  accessEntries: Record<string, AccessEntryRecord>;
  /** Entries as they were, which hold until their deletion or change has spread. */
  fadingEntries?: { entry: AccessEntryRecord; until: number }[];
  associations: Record<string, AssociationRecord>;
  updates: UpdateRecord[];
}

/** All clusters, each persisted as a JSON file of its own. */
export class ClusterStore {
  readonly #dir: string;
  readonly #clusters = new Map<string, ClusterRecord>();

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(dir).filter((name) => name.endsWith(".json"))) {
      const record = JSON.parse(readFileSync(join(dir, file), "utf8")) as ClusterRecord;
      this.#clusters.set(record.shape.name, record);
    }
  }

  all(): ClusterRecord[] {
    return [...this.#clusters.values()];
  }

  find(name: string): ClusterRecord | undefined {
    return this.#clusters.get(name);
  }

  get(name: string): ClusterRecord {
    const record = this.#clusters.get(name);
    if (record === undefined) throw notFound(`No cluster found for name: ${name}.`, { clusterName: name });
    return record;
  }

  save(record: ClusterRecord): void {
    const { name } = record.shape;
    const file = join(this.#dir, `${name}.json`);
    this.#clusters.set(name, record);
    writeFileSync(`${file}.new`, JSON.stringify(record, null, 1), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  remove(name: string): void {
    this.#clusters.delete(name);
    rmSync(join(this.#dir, `${name}.json`), { force: true });
  }
}
