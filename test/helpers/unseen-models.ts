import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./sandbox.ts";

/** Services all of whose things `readAccount` reads, by moto's names. */
const services = [
  "acm",
  "autoscaling",
  "backup",
  "ecr",
  "efs",
  "elb",
  "elbv2",
  "events",
  "iam",
  "kms",
  "logs",
  "route53",
  "s3",
  "secretsmanager",
  "sqs",
  "ssm",
];

/** Of EC2, which has far more kinds than anybody needs. */
const ec2Models = [
  // Things, each a kind of its own.
  "CarrierGateway",
  "DHCPOptionsSet",
  "EgressOnlyInternetGateway",
  "ElasticAddress",
  "FlowLogs",
  "Instance",
  "InternetGateway",
  "KeyPair",
  "LaunchTemplate",
  "ManagedPrefixList",
  "NatGateway",
  "NetworkAcl",
  "NetworkInterface",
  "RouteTable",
  "SecurityGroup",
  "SecurityGroupRule",
  "SpotInstanceRequest",
  "Subnet",
  "VPC",
  "VPCEndPoint",
  "VPCPeeringConnection",
  "Volume",
  // Shown as a part of one of these.
  "IamInstanceProfileAssociation",
  "LaunchTemplateVersion",
  "NetworkAclAssociation",
  "NetworkAclEntry",
  "Reservation",
  "Route",
  "VPCGatewayAttachment",
  "VolumeAttachment",
  // Everybody's images and their snapshots; the account's own are asked for.
  "Ami",
  "Snapshot",
  // Karpenter's order of instances: nothing is left of it but these.
  "Fleet",
  "EC2Backend",
];

/** What moto has ever held since its start, and `readAccount` would not see: "service Model". */
export async function unseenModels(sandbox: string): Promise<string[]> {
  const log = readFileSync(join(projectRoot, ".sandbox", sandbox, "logs", "moto.log"), "utf8");
  const endpoint = [...log.matchAll(/Running on (http:\/\/127\.0\.0\.1:\d+)/g)].at(-1)?.[1];
  const answer = await fetch(`${endpoint ?? ""}/moto-api/data.json`);
  const held = (await answer.json()) as Record<string, Record<string, unknown[]>>;
  return Object.entries(held).flatMap(([service, models]) =>
    Object.entries(models)
      .filter(([model, instances]) => instances.length > 0 && !isSeen(service, model))
      .map(([model]) => `${service} ${model}`),
  );
}

function isSeen(service: string, model: string): boolean {
  return service === "ec2" ? ec2Models.includes(model) : services.includes(service);
}
