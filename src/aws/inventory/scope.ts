import type { EC2Client } from "@aws-sdk/client-ec2";
import type { AwsClients } from "../clients.ts";
import type { Category, Found, Tags } from "./resource.ts";
import type { World } from "./state.ts";

/** What a look works with. */
export interface Scope {
  aws: AwsClients;
  account: string;
  region: string;
  world: World;
  ec2: () => Promise<EC2Client>;
  /** What another category's look has found; fails if that look does. */
  found(category: Category): Promise<Found[]>;
  /** Everything in the region that has hubctl's tags, as AWS's index of tags knows it; by service. */
  tagged(service: string): Promise<TaggedArn[]>;
}

export interface TaggedArn {
  arn: string;
  tags: Tags;
}

export type Look = (scope: Scope) => Promise<Found[]>;

/** At most a few calls at once: AWS refuses more than some dozens a second. */
export async function mapFew<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  atOnce = 5,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}

/** The answer, or undefined if AWS says that there is no such thing (any more). */
export async function unlessGone<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && isGone(error)) return undefined;
    throw error;
  }
}

const goneNames = /NotFound|NoSuch|NonExist|DoesNotExist|\.NonExistentQueue$/;

export function isGone(error: Error): boolean {
  return goneNames.test(error.name);
}

/** "role/path/name" of "arn:aws:iam::123456789012:role/path/name" */
export function arnResource(arn: string): string {
  return arn.split(":").slice(5).join(":");
}
