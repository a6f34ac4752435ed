import { DeleteObjectCommand, GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { clientsFor } from "./aws-clients.ts";
import { deployment, type InstalledWorld } from "./installed-world.ts";

const Bucket = "hubctl-123456789012-us-east-2";

export interface TerraformState {
  serial: number;
  outputs: Record<string, unknown>;
  resources: { type: string; name: string; instances: unknown[] }[];
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

/** All that hubctl remembers in AWS of the deployment, with every old version. */
export async function eraseRecords({ env }: InstalledWorld): Promise<void> {
  const { s3 } = clientsFor(env);
  const Prefix = `deployments/${deployment}/`;
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
  for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }
}
