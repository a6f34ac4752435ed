import {
  ListObjectVersionsCommand,
  type DeleteMarkerEntry,
  type ListObjectVersionsCommandOutput,
  type ObjectVersion,
} from "@aws-sdk/client-s3";
import { prices } from "../../cost/prices.ts";
import { stateBucketName } from "../state-bucket.ts";
import type { Found } from "./resource.ts";
import type { AwsClients } from "../clients.ts";
import { unlessGone, type Scope } from "./scope.ts";

const words = "kept in hubctl's state bucket";

/** One for each folder or file that a deployment has in the state bucket, even if only old versions of it are left. */
export async function findTerraformState(scope: Scope): Promise<Found[]> {
  const bucket = stateBucketName(scope.account, scope.region);
  const places = (await unlessGone(readPlaces(scope, bucket))) ?? new Map<string, Place>();
  return [...places].map(([prefix, { deployment, stack, created, bytes }]) => {
    const records = scope.world.records.filter(
      (record) => record.deployment === deployment && record.region === scope.region,
    );
    return {
      category: "terraform-state",
      id: `s3://${bucket}/${prefix}`,
      created,
      tags: {},
      claim: { words, deployment, ids: records.flatMap(({ ids }) => ids), stack },
      monthlyCost: (bytes / 1e9) * prices.s3,
      facts: { bucket, prefix },
    };
  });
}

interface Place {
  deployment: string;
  stack: string;
  created: Date | undefined;
  bytes: number;
}

async function readPlaces({ aws, account }: Scope, Bucket: string): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  for await (const version of listVersions(aws, { Bucket, ExpectedBucketOwner: account })) {
    const { Key = "", LastModified } = version;
    const [root = "", deployment = "", first = "", ...rest] = Key.split("/");
    // Nothing but deployments' files is put there by hubctl.
    if (root !== "deployments" || first === "") continue;
    const prefix = [root, deployment, first, ...(rest.length > 0 ? [""] : [])].join("/");
    const known = places.get(prefix);
    const isOlder = LastModified !== undefined && (known?.created === undefined || LastModified < known.created);
    places.set(prefix, {
      deployment,
      // What is not the cluster's alone is needed to adopt kept data.
      stack: first === "cluster" ? "cluster" : "storage",
      created: isOlder ? LastModified : known?.created,
      bytes: (known?.bytes ?? 0) + ("Size" in version ? (version.Size ?? 0) : 0),
    });
  }
  return places;
}

/** Every version of every object, and what marks objects as deleted. The SDK has no paginator for this one. */
export async function* listVersions(
  { s3 }: AwsClients,
  request: { Bucket: string; ExpectedBucketOwner: string; Prefix?: string },
): AsyncGenerator<ObjectVersion | DeleteMarkerEntry> {
  let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
  while (next) {
    const command = new ListObjectVersionsCommand({ ...request, ...next });
    const page: ListObjectVersionsCommandOutput = await s3.send(command);
    yield* page.Versions ?? [];
    yield* page.DeleteMarkers ?? [];
    next = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : undefined;
  }
}
