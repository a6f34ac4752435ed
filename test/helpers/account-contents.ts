import { bucketListings } from "./account/buckets.ts";
import { ec2Listings } from "./account/ec2.ts";
import { identityListings } from "./account/identity.ts";
import type { Listing } from "./account/listing.ts";
import { serviceListings } from "./account/services.ts";
import { storeListings } from "./account/stores.ts";
import type { AwsSettings } from "./plant-orphans.ts";

/** Everything in an account and region, whoever it belongs to, as AWS shows it: by "kind: id". */
export type AccountContents = Record<string, unknown>;

const families = [ec2Listings, serviceListings, identityListings, storeListings, bucketListings];

/** What an account is made of here; `unseenModels` tells whether moto holds anything else. */
export const kinds = families.flatMap((listings) => Object.keys(listings));

export async function readAccount(settings: AwsSettings): Promise<AccountContents> {
  const read = await Promise.all(families.map((listings) => readFamily(listings, settings)));
  return Object.assign({}, ...read) as AccountContents;
}

async function readFamily(listings: Record<string, Listing>, settings: AwsSettings): Promise<AccountContents> {
  const contents: AccountContents = {};
  for (const [kind, list] of Object.entries(listings)) {
    for (const [id, shown] of await list(settings)) contents[`${kind}: ${id}`] = inOrder(shown);
  }
  return contents;
}

/** As it would be written down: with names in order, and lists too, since AWS promises no order. */
function inOrder(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) {
    const items: [string, unknown][] = value.map(inOrder).map((item) => [JSON.stringify(item), item]);
    return items.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, member]) => [name, inOrder(member)]),
  );
}

interface Difference {
  /** "kind: id" */
  key: string;
  before: unknown;
  after: unknown;
}

interface Exception {
  reason: string;
  allows: (
    difference: Difference & { kind: string; shown: Record<string, unknown> },
    after: AccountContents,
  ) => boolean;
}

/** The only differences that a cleanup may leave. AWS itself keeps each of them for a while, without a cost. */
const exceptions: readonly Exception[] = [
  {
    reason: "Secrets wait 7 to 30 days for their end, listed only to who asks for them, and can't be hurried by others",
    allows: ({ kind, before, shown }) =>
      kind === "secret" && before === undefined && shown["DeletedDate"] !== undefined,
  },
  {
    reason: "Keys wait 7 to 30 days for their end",
    allows: ({ kind, before, shown }) =>
      kind === "KMS key" && before === undefined && shown["KeyState"] === "PendingDeletion",
  },
  {
    reason: "AWS makes its own key for a service when that is first used, free of charge, and nobody can delete it",
    allows: ({ key, kind, shown }, after) =>
      key.startsWith("KMS alias: alias/aws/") ||
      (kind === "KMS key" && managedKeys(after).includes(String(shown["KeyId"]))),
  },
  {
    reason: "NAT gateways are listed as deleted for about an hour",
    allows: ({ kind, before, shown }) => kind === "NAT gateway" && before === undefined && shown["State"] === "deleted",
  },
  {
    reason: "Endpoints are listed as deleted for a while",
    allows: ({ kind, before, shown }) =>
      kind === "VPC endpoint" && before === undefined && shown["State"] === "deleted",
  },
  {
    reason: "Instances are listed as terminated for about an hour",
    allows: ({ kind, before, shown }) =>
      kind === "instance" &&
      before === undefined &&
      (shown["State"] as { Name?: string } | undefined)?.Name === "terminated",
  },
];

/** Ids of the keys that AWS itself has made. */
function managedKeys(account: AccountContents): string[] {
  return Object.entries(account).flatMap(([key, alias]) => {
    return key.startsWith("KMS alias: alias/aws/") ? [(alias as { TargetKeyId?: string }).TargetKeyId ?? ""] : [];
  });
}

/** What differs, a few lines each, and is not allowed to; empty if the account is as it was. */
export function accountDifferences(before: AccountContents, after: AccountContents): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .map((key) => ({ key, before: before[key], after: after[key] }))
    .filter((difference) => JSON.stringify(difference.before) !== JSON.stringify(difference.after))
    .filter((difference) => !exceptions.some(({ allows }) => allows(withKind(difference), after)))
    .map(describe);
}

function withKind(difference: Difference) {
  const { key, after } = difference;
  return { ...difference, kind: key.slice(0, key.indexOf(": ")), shown: (after ?? {}) as Record<string, unknown> };
}

function describe({ key, before, after }: Difference): string {
  if (before === undefined) return `+ ${key}\n    ${shorten(after)}`;
  if (after === undefined) return `- ${key}\n    ${shorten(before)}`;
  return [`~ ${key}`, ...changedMembers("", before, after)].join("\n    ");
}

function changedMembers(path: string, before: unknown, after: unknown): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [`${path}: ${shorten(before)} → ${shorten(after)}`];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => changedMembers(path === "" ? name : `${path}.${name}`, before[name], after[name]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shorten(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
