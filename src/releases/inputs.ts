import { z } from "zod";
import type { HubConfig, Secrets } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";

const key = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits");

/** Made once per deployment and kept in Secrets Manager, so that a rebuilt hub can read its old database. */
export const generatedSecretsSchema = z.object({
  /** Signs the hub's login cookies; another value logs everyone out. */
  cookieSecret: key,
  /** Encrypts what the hub keeps of a login (auth state) in its database. */
  cryptKeeperKey: key,
  /** Shared by the hub and its proxy. */
  proxyToken: key,
});
export type GeneratedSecrets = z.infer<typeof generatedSecretsSchema>;

/** Outputs of the Terraform stack `storage`, under their Terraform names. */
export const storageOutputsSchema = z.object({
  file_system_id: z.string().min(1),
  home_access_point_id: z.string().min(1),
  /** By the folder's name. */
  shared_access_point_ids: z.record(z.string(), z.string().min(1)),
  /** Missing from what an older hubctl applied, until the next install. */
  hub_database_access_point_id: z.string().min(1).optional(),
  generated_secret_arn: z.string().min(1),
  /** These three are missing from what an older hubctl applied, until the next install. */
  file_system_arn: z.string().min(1).optional(),
  backup_vault_name: z.string().min(1).optional(),
  backup_role_arn: z.string().min(1).optional(),
  /** Terraform leaves it out when AWS' own keys are used. */
  encryption_key_arn: z.string().min(1).optional(),
});
export type StorageOutputs = z.infer<typeof storageOutputsSchema>;

/** Outputs of the Terraform stack `cluster`, under their Terraform names. */
export const clusterOutputsSchema = z.object({
  cluster_name: z.string().min(1),
  cluster_endpoint: z.string().min(1),
  cluster_security_group_id: z.string().min(1),
  vpc_id: z.string().min(1),
  private_subnet_ids: z.array(z.string().min(1)).min(1),
  public_subnet_ids: z.array(z.string().min(1)).min(1),
  /** One of the private subnets in each zone, by the zone's name. */
  subnet_by_zone: z.record(z.string(), z.string().min(1)),
  /** Name of the availability zone that the core nodes are in. */
  core_zone: z.string().min(1),
  node_role_name: z.string().min(1),
  karpenter_queue_name: z.string().min(1),
  karpenter_instance_profile: z.string().min(1),
  efs_security_group_id: z.string().min(1),
});
export type ClusterOutputs = z.infer<typeof clusterOutputsSchema>;

/** All that the values of a Helm release are made of. */
export interface ReleaseInputs {
  config: HubConfig;
  lock: HubLock;
  secrets: Secrets;
  generated: GeneratedSecrets;
  storage: StorageOutputs;
  cluster: ClusterOutputs;
  /** Of the ACM certificate that the load balancer uses; undefined with one's own, and until there is one. */
  certificateArn?: string;
}
