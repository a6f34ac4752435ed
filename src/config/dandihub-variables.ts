import type { Path } from "./layers.ts";

/** The variables of a Dandihub variables file that mean something to hubctl. */
export interface KnownVariable {
  type: "text" | "list" | "flag";
  /** Its place in a hub.yaml; undefined for what is not part of it. */
  path?: Path;
  /** Secrets and account-specific values are meant to come as TF_VAR_…; a message that asks for one says so. */
  fromEnvironment?: true;
  /** Must not stand in a file. */
  secret?: true;
}

export const knownVariables = {
  singleuser_image_repo: { type: "text", path: ["image", "repository"] },
  singleuser_image_tag: { type: "text", path: ["image", "tag"] },
  jupyterhub_domain: { type: "text", path: ["domain"] },
  admin_users: { type: "list", path: ["auth", "admins"] },
  aws_certificate_arn: { type: "text", path: ["certificate"], fromEnvironment: true },
  github_client_id: { type: "text", fromEnvironment: true },
  github_client_secret: { type: "text", fromEnvironment: true, secret: true },
  name: { type: "text" },
  region: { type: "text", path: ["aws", "region"] },
  eks_cluster_version: { type: "text", path: ["cluster", "kubernetesVersion"] },
  vpc_cidr: { type: "text", path: ["network", "vpc", "cidr"] },
  jupyter_hub_auth_mechanism: { type: "text" },
  // Not in the blueprint: its hub lets in whom its own Python code lets in.
  allowed_users: { type: "list", path: ["auth", "allowedUsers"] },
  allowed_organizations: { type: "list", path: ["auth", "allowedOrganizations"] },
  allow_all: { type: "flag", path: ["auth", "allowAll"] },
} as const satisfies Record<string, KnownVariable>;

export type KnownName = keyof typeof knownVariables;

export function isKnown(name: string): name is KnownName {
  return Object.hasOwn(knownVariables, name);
}

const otherLogin = "users log in with GitHub here; for another way write a hub.yaml";
const dandiLogin =
  "DANDI is not asked who is registered; allowed_users, allowed_organizations and allow_all say who may log in";

/** Variables of the blueprints that hubctl does not need, and why. */
const meaninglessVariables: Record<string, string> = {
  secondary_cidr_blocks: "pods get their addresses from vpc_cidr",
  acm_certificate_domain: "the certificate is named by aws_certificate_arn",
  cognito_custom_domain: otherLogin,
  oauth_domain: otherLogin,
  oauth_jupyter_client_id: otherLogin,
  oauth_jupyter_client_secret: otherLogin,
  oauth_username_key: otherLogin,
  dandi_api_domain: dandiLogin,
  dandi_authenticator: dandiLogin,
  danditoken: dandiLogin,
  profile_list_path: "choices of servers are written as profiles in a hub.yaml",
  kms_key_admin_roles: "encryption uses the keys that AWS manages",
  huggingface_token: "no model is downloaded",
  bottlerocket_data_disk_snapshot_id: "nodes run Amazon Linux 2023",
};

/** Switches of the blueprint's add-ons. */
const addonSwitch = /^(enable|deploy)_/;

/** Why a variable has no effect; undefined if hubctl does not know it at all. */
export function describeMeaningless(name: string): string | undefined {
  if (Object.hasOwn(meaninglessVariables, name)) return meaninglessVariables[name];
  return addonSwitch.test(name) ? "what is installed beside the hub is fixed" : undefined;
}

const secretsOfOthers = ["danditoken", "oauth_jupyter_client_secret", "huggingface_token"];

export function isSecretVariable(name: string): boolean {
  return secretsOfOthers.includes(name) || (isKnown(name) && "secret" in knownVariables[name]);
}

/** All names that a misspelt one may have meant. */
export function blueprintNames(): string[] {
  return [...Object.keys(knownVariables), ...Object.keys(meaninglessVariables)];
}
