import { DeleteObjectCommand, GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { clientsFor } from "./aws-clients.ts";
import { deployment, type InstalledWorld } from "./installed-world.ts";

const Bucket = "hubctl-123456789012-us-east-2";

interface StateResource {
  type: string;
  /** Dependencies are those of dependencies, too: "aws_vpc.this". */
  instances: { dependencies?: string[] }[];
}

interface TerraformState {
  serial: number;
  outputs: Record<string, unknown>;
  resources: StateResource[];
}

function keyOf(stack: "cluster" | "storage"): string {
  return `deployments/${deployment}/${stack}/terraform.tfstate`;
}

export async function readState({ env }: InstalledWorld, stack: "cluster" | "storage"): Promise<TerraformState> {
  const { Body } = await clientsFor(env).s3.send(new GetObjectCommand({ Bucket, Key: keyOf(stack) }));
  return JSON.parse((await Body?.transformToString()) ?? "") as TerraformState;
}

export async function writeState(
  { env }: InstalledWorld,
  stack: "cluster" | "storage",
  state: TerraformState,
): Promise<void> {
  await clientsFor(env).s3.send(new PutObjectCommand({ Bucket, Key: keyOf(stack), Body: JSON.stringify(state) }));
}

/** Without resources of these types, and without all that could only be made after them. */
export function withoutYounger(resources: readonly StateResource[], types: readonly string[]): StateResource[] {
  return resources.filter(
    ({ type, instances }) =>
      !types.includes(type) &&
      !instances.some(({ dependencies = [] }) => dependencies.some((one) => types.includes(one.split(".")[0] ?? ""))),
  );
}

/** All that hubctl remembers in AWS of the deployment, with every old version. */
export async function eraseRecords({ env }: InstalledWorld): Promise<void> {
  const { s3 } = clientsFor(env);
  const Prefix = `deployments/${deployment}/`;
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
  for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }
}
