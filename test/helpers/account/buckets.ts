import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  paginateListObjectsV2,
  S3Client,
  type ListObjectVersionsCommandOutput,
} from "@aws-sdk/client-s3";
import type { AwsSettings } from "../plant-orphans.ts";
import { collect, mapEach, unless, type Listed, type Listing } from "./listing.ts";

/** Buckets with all that is set of them, and every version of every object. */
export const bucketListings: Record<string, Listing> = {
  bucket: async (settings) => {
    const client = s3(settings);
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    return await mapEach(Buckets, async ({ Name: Bucket = "" }): Promise<Listed> => [
      Bucket,
      await readBucket(client, Bucket),
    ]);
  },
  object: async (settings) => {
    const client = s3(settings);
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    return (await mapEach(Buckets, ({ Name: Bucket = "" }) => listVersions(client, Bucket))).flat();
  },
};

function s3(settings: AwsSettings): S3Client {
  return new S3Client({ ...settings, forcePathStyle: true });
}

async function readBucket(client: S3Client, Bucket: string): Promise<unknown> {
  const named = { Bucket };
  const policy = await unless(["NoSuchBucketPolicy"], client.send(new GetBucketPolicyCommand(named)));
  const tags = await unless(["NoSuchTagSet"], client.send(new GetBucketTaggingCommand(named)));
  const encryption = await unless(
    ["ServerSideEncryptionConfigurationNotFoundError"],
    client.send(new GetBucketEncryptionCommand(named)),
  );
  const access = await unless(
    ["NoSuchPublicAccessBlockConfiguration"],
    client.send(new GetPublicAccessBlockCommand(named)),
  );
  const lifecycle = await unless(
    ["NoSuchLifecycleConfiguration"],
    client.send(new GetBucketLifecycleConfigurationCommand(named)),
  );
  return {
    versioning: (await client.send(new GetBucketVersioningCommand(named))).Status,
    policy: policy?.Policy,
    tags: tags?.TagSet,
    encryption: encryption?.ServerSideEncryptionConfiguration,
    access: access?.PublicAccessBlockConfiguration,
    lifecycle: lifecycle?.Rules,
    uploads: (await client.send(new ListMultipartUploadsCommand(named))).Uploads,
    // An object that versions do not show would be one that moto forgot.
    keys: (await collect(paginateListObjectsV2({ client }, named), ({ Contents }) => Contents)).map(({ Key }) => Key),
  };
}

async function listVersions(client: S3Client, Bucket: string): Promise<Listed[]> {
  const listed: Listed[] = [];
  let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (next !== undefined) {
    const page: ListObjectVersionsCommandOutput = await client.send(new ListObjectVersionsCommand({ Bucket, ...next }));
    const { Versions = [], DeleteMarkers = [], IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
    for (const { Key, VersionId, ETag, Size } of Versions)
      listed.push([`${Bucket}/${Key ?? ""} ${VersionId ?? ""}`, { ETag, Size }]);
    for (const { Key, VersionId } of DeleteMarkers)
      listed.push([`${Bucket}/${Key ?? ""} ${VersionId ?? ""}`, "delete marker"]);
    next = IsTruncated
      ? {
          ...(NextKeyMarker !== undefined && { KeyMarker: NextKeyMarker }),
          ...(NextVersionIdMarker !== undefined && { VersionIdMarker: NextVersionIdMarker }),
        }
      : undefined;
  }
  return listed;
}
