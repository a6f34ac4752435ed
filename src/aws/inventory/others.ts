import type { Found } from "./resource.ts";
import { arnResource, type Scope } from "./scope.ts";

/** What has our tags but no look of its own: somebody tagged it, or a later hubctl made it. */
export async function findOthers(scope: Scope): Promise<Found[]> {
  return (await scope.tagged("")).flatMap(({ arn, tags }) => {
    const service = arn.split(":")[2] ?? "";
    const kind = /^[a-z0-9-]*/i.exec(arnResource(arn))?.[0] ?? "";
    if (lookedAt[service] === "all" || lookedAt[service]?.includes(kind)) return [];
    return [{ category: "other", id: arn, arn, tags } satisfies Found];
  });
}

/** By service: the kinds of resource that a look of their own finds, or that go with one of those. */
const lookedAt: Readonly<Record<string, "all" | readonly string[]>> = {
  acm: ["certificate"],
  autoscaling: "all",
  backup: ["backup-vault", "backup-plan", "recovery-point"],
  ec2: [
    "elastic-ip",
    "fleet",
    "instance",
    "internet-gateway",
    "launch-template",
    "natgateway",
    "network-interface",
    "route-table",
    "security-group",
    "security-group-rule",
    "snapshot",
    "spot-instances-request",
    "subnet",
    "volume",
    "vpc",
    "vpc-endpoint",
  ],
  ecr: ["repository"],
  eks: "all",
  elasticfilesystem: "all",
  elasticloadbalancing: "all",
  events: ["rule"],
  iam: "all",
  kms: ["key"],
  logs: ["log-group"],
  s3: "all",
  secretsmanager: "all",
  sqs: "all",
  ssm: ["parameter"],
};
