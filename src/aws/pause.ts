import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { AwsClients } from "./clients.ts";
import { stateBucketName } from "./state-bucket.ts";
import { readStateObject, writeStateObject } from "./state-object.ts";

const scaling = z.object({ min: z.number(), max: z.number(), desired: z.number() });
export type Scaling = z.infer<typeof scaling>;

const pauseSchema = z.object({
  since: z.iso.datetime(),
  /** ARN of who paused it. */
  by: z.string(),
  /** False while a pause or a resume is on its way, or was stopped on it. */
  isComplete: z.boolean(),
  /** What the node groups were before, by name. */
  nodeGroups: z.record(z.string(), scaling),
});

/** That a deployment is paused; kept beside its state, so that every operator's hubctl knows. */
export type Pause = z.infer<typeof pauseSchema>;

interface Place {
  account: string;
  deployment: string;
}

/** Undefined if the deployment is not paused. Needs no more than to read the state bucket. */
export async function readPause(aws: AwsClients, { account, deployment }: Place): Promise<Pause | undefined> {
  const text = await readStateObject(aws, account, pauseKey(deployment));
  return text === undefined ? undefined : pauseSchema.parse(JSON.parse(text));
}

export async function writePause(aws: AwsClients, { account, deployment }: Place, pause: Pause): Promise<void> {
  await writeStateObject(aws, account, pauseKey(deployment), `${JSON.stringify(pause, null, 2)}\n`);
}

export async function removePause(aws: AwsClients, { account, deployment }: Place): Promise<void> {
  const Bucket = stateBucketName(account, aws.region);
  await aws.s3.send(new DeleteObjectCommand({ Bucket, Key: pauseKey(deployment), ExpectedBucketOwner: account }));
}

function pauseKey(deployment: string): string {
  return `deployments/${deployment}/paused.json`;
}
