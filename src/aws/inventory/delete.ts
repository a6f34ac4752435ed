import type { AwsClients } from "../clients.ts";
import { computeDeletions } from "./delete-compute.ts";
import { iamDeletions } from "./delete-iam.ts";
import { ec2Deletions } from "./delete-network.ts";
import { storeDeletions } from "./delete-stores.ts";
import type { Inventory, Unknown } from "./index.ts";
import { keyOf, type Category, type Resource } from "./resource.ts";
import { isGone, mapFew } from "./scope.ts";

export interface DeletionOptions {
  account: string;
  /** Asks AWS anew what there is. */
  take: () => Promise<Inventory>;
  /** What may be deleted; asked again for everything that turns up on the way. */
  mayDelete: (resource: Resource) => boolean;
  /** Tells of each round. */
  note: (line: string) => void;
  wait: (seconds: number) => Promise<void>;
}

interface Left {
  resource: Resource;
  why: string;
}

export interface Deletion {
  deleted: number;
  left: Left[];
  /** What AWS deletes in some days. */
  waiting: Resource[];
  unknown: readonly Unknown[];
}

/**
 * Kinds that can go at once, side by side, after those above them. The slow ones are gone only some time after AWS has
 * agreed, and what is below them waits for that.
 */
const order: readonly { kinds: readonly Category[]; isSlow?: true; isLast?: true }[] = [
  {
    kinds: ["dns-records", "load-balancers", "auto-scaling-groups", "eks-node-groups", "eks-fargate-profiles"],
    isSlow: true,
  },
  { kinds: ["backup-plans", "target-groups", "eks-clusters", "instances", "recovery-points"], isSlow: true },
  { kinds: ["nat-gateways", "endpoints", "mount-targets", "access-points"], isSlow: true },
  { kinds: ["launch-templates", "volumes", "snapshots", "backup-vaults", "security-group-rules"] },
  { kinds: ["network-interfaces", "elastic-ips", "file-systems"] },
  { kinds: ["security-groups", "subnets"] },
  { kinds: ["route-tables", "gateways"] },
  { kinds: ["vpcs"] },
  { kinds: ["log-groups", "event-rules", "queues", "certificates", "instance-profiles"] },
  { kinds: ["iam-roles", "parameters", "secrets", "image-repositories"] },
  { kinds: ["iam-policies", "oidc-providers", "kms-aliases"] },
  { kinds: ["kms-keys"] },
  { kinds: ["buckets"] },
  // Only when AWS was asked, and said that nothing else is left.
  { kinds: ["terraform-state"], isLast: true },
];

/** Rounds, of five seconds each, without anything less to delete: AWS needs minutes for some things. */
const patientRounds = 180;
/** The same when nothing is under way: what was refused stays refused, but for what AWS sees late. */
const futileRounds = 5;

/**
 * Deletes in rounds: asks what there is, deletes what can go, and asks again, until nothing is left or nothing more
 * goes. So what a deletion sets free, and what turns up late, is deleted too.
 */
export async function deleteResources(aws: AwsClients, options: DeletionOptions): Promise<Deletion> {
  let ec2: ReturnType<AwsClients["ec2"]> | undefined;
  const calls: AwsClients = { ...aws, ec2: () => (ec2 ??= aws.ec2()) };
  const refusals = new Map<string, string>();
  const seen = new Set<string>();
  let fewest = Infinity;
  let idleRounds = 0;
  for (;;) {
    const { resources, unknown } = await options.take();
    const targets = resources.filter(options.mayDelete);
    for (const target of targets) seen.add(keyOf(target));
    const underWay = resources.filter(({ going }) => going?.waits === "minutes");
    const open = targets.length + underWay.length;
    idleRounds = open < fewest ? 0 : idleRounds + 1;
    fewest = Math.min(fewest, open);
    const round = { targets, underWay, refusals, isProved: unknown.length === 0 };
    const accepted = open === 0 ? 0 : await deleteInOrder(calls, options.account, round);
    const isOver = open === 0 || idleRounds >= (accepted + underWay.length > 0 ? patientRounds : futileRounds);
    if (isOver) {
      const left = [...targets, ...underWay].map((resource) => ({ resource, why: whyLeft(resource, refusals) }));
      const waiting = resources.filter(({ going }) => going?.waits === "days");
      const gone = [...seen].filter((key) => !left.some(({ resource }) => keyOf(resource) === key));
      return { deleted: gone.length, left, waiting, unknown };
    }
    options.note(`${open} left`);
    await options.wait(idleRounds === 0 ? 1 : 5);
  }
}

interface Round {
  targets: readonly Resource[];
  underWay: readonly Resource[];
  /** Why something is still there, by its key. */
  refusals: Map<string, string>;
  /** Every category could be looked at. */
  isProved: boolean;
}

/** Gives the number of deletions that AWS agreed to. */
async function deleteInOrder(aws: AwsClients, account: string, round: Round): Promise<number> {
  const { targets, underWay, refusals, isProved } = round;
  let accepted = 0;
  for (const { kinds, isSlow, isLast } of order) {
    if (isLast && !(isProved && [...targets, ...underWay].every(({ category }) => kinds.includes(category)))) continue;
    const results = await mapFew(
      targets.filter(({ category }) => kinds.includes(category)),
      async (resource) => {
        const refusal = await tryDelete(aws, resource, account);
        if (refusal === undefined) refusals.delete(keyOf(resource));
        else refusals.set(keyOf(resource), refusal);
        return refusal === undefined;
      },
    );
    const agreed = results.filter(Boolean).length;
    accepted += agreed;
    const isWaiting = agreed > 0 || underWay.some(({ category }) => kinds.includes(category));
    if (isSlow && isWaiting) break;
  }
  return accepted;
}

/** Undefined if AWS agreed, or if it is gone already; else why not. */
async function tryDelete(aws: AwsClients, resource: Resource, account: string): Promise<string | undefined> {
  if (resource.facts?.["status"] === "in-use") return "goes with what it is attached to";
  try {
    if (await deleteOne(aws, resource, account)) return undefined;
    return resource.category === "other" ? "hubctl does not know how it is deleted" : "goes with its cluster";
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return isGone(error) ? undefined : `${error.name}: ${error.message}`;
  }
}

/** False for what has no deletion of its own. */
async function deleteOne(aws: AwsClients, resource: Resource, account: string): Promise<boolean> {
  const { category } = resource;
  if (category in ec2Deletions) await ec2Deletions[category as keyof typeof ec2Deletions](await aws.ec2(), resource);
  else if (category in iamDeletions) await iamDeletions[category as keyof typeof iamDeletions](aws.iam, resource);
  else if (category in computeDeletions)
    await computeDeletions[category as keyof typeof computeDeletions](aws, resource);
  else if (category in storeDeletions)
    await storeDeletions[category as keyof typeof storeDeletions](aws, resource, account);
  else return false;
  return true;
}

function whyLeft(resource: Resource, refusals: ReadonlyMap<string, string>): string {
  if (resource.category === "terraform-state") return "kept until nothing else is left";
  return refusals.get(keyOf(resource)) ?? resource.going?.words ?? "AWS has not deleted it yet";
}
