import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import type { AwsClients } from "./clients.ts";
import { copyManifestKey, parseCopyManifest, type CopyManifest } from "./config-copy.ts";
import { stateBucketName } from "./state-bucket.ts";
import { readStateObject } from "./state-object.ts";

interface Place {
  account: string;
  deployment: string;
  /** Of the deployment, as in its lock file. */
  id: string;
}

/** Each configuration that was installed to its end, the newest first. */
export async function* listFormerCopies(
  aws: AwsClients,
  { account, deployment, id }: Place,
): AsyncGenerator<CopyManifest, void> {
  const key = copyManifestKey(deployment);
  let KeyMarker: string | undefined;
  let VersionIdMarker: string | undefined;
  do {
    const page = await aws.s3.send(
      new ListObjectVersionsCommand({
        Bucket: stateBucketName(account, aws.region),
        Prefix: key,
        ExpectedBucketOwner: account,
        ...(KeyMarker && { KeyMarker }),
        ...(VersionIdMarker && { VersionIdMarker }),
      }),
    );
    // The newest first: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    for (const { Key, VersionId } of page.Versions ?? []) {
      if (Key !== key || VersionId === undefined) continue;
      const text = await readStateObject(aws, account, key, VersionId);
      const manifest = text === undefined ? undefined : parseCopyManifest(key, text);
      if (manifest?.id === id && manifest.fixed) yield manifest;
    }
    KeyMarker = page.NextKeyMarker;
    VersionIdMarker = page.NextVersionIdMarker;
  } while (KeyMarker !== undefined);
}

/** The newest of them that is wanted. */
export async function findFormerCopy(
  aws: AwsClients,
  place: Place,
  isWanted: (manifest: CopyManifest) => boolean,
): Promise<CopyManifest | undefined> {
  for await (const manifest of listFormerCopies(aws, place)) if (isWanted(manifest)) return manifest;
  return undefined;
}
