import { sessionName } from "../aws/login.ts";
import { stateBucketName } from "../aws/state-bucket.ts";
import type { HubConfig } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import type { StackName } from "../config/work-dir.ts";

type Subject = { config: Pick<HubConfig, "name" | "aws">; lock: Pick<HubLock, "account" | "provider"> };

/** What lies in the state bucket for a stack. */
export function stackKey(deployment: string, stack: StackName, file: string): string {
  return `deployments/${deployment}/${stack}/${file}`;
}

/**
 * A stack's override file: the state's place, the provider's version that this deployment was installed with, and the
 * role that it acts as (https://developer.hashicorp.com/terraform/language/backend/s3#assume-role-configuration).
 */
export function terraformOverride(stack: StackName, backend: "local" | "s3", { config, lock }: Subject): object {
  const { region, assumeRole } = config.aws;
  const role = assumeRole === undefined ? {} : { assume_role: { role_arn: assumeRole, session_name: sessionName() } };
  const s3 = {
    bucket: stateBucketName(lock.account, region),
    key: stackKey(config.name, stack, "terraform.tfstate"),
    region,
    encrypt: true,
    use_lockfile: true,
    allowed_account_ids: [lock.account],
    ...role,
  };
  return {
    terraform: {
      backend: backend === "s3" ? { s3 } : { local: {} },
      required_providers: { aws: { source: "hashicorp/aws", version: `= ${lock.provider}` } },
    },
    ...(assumeRole === undefined ? {} : { provider: { aws: role } }),
  };
}

/** Whether the checksums of providers (.terraform.lock.hcl) are of that version of hashicorp/aws. */
export function namesProvider(checksums: string, version: string): boolean {
  return /provider "[^"]*\/hashicorp\/aws" \{\s*version\s*=\s*"([^"]*)"/.exec(checksums)?.[1] === version;
}
