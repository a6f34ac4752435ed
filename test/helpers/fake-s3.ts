import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { awsError, type mockAws } from "./installation.ts";

interface StoredObject {
  text: string;
  etag: string;
  modified: Date;
}

export interface FakeBucket {
  /** What is there now, by key. */
  readonly objects: Map<string, StoredObject>;
  text(key: string): string | undefined;
  /** AWS's clock. */
  now: Date;
  /** Bytes that are written while it is true are kept, but the answer is lost. */
  losesAnswers: boolean;
}

/** Lets a mocked S3 client answer as a versioned bucket does, conditional writes included. */
export function fakeBucket(s3: ReturnType<typeof mockAws>["s3"]): FakeBucket {
  const objects = new Map<string, StoredObject>();
  const versions = new Map<string, string>();
  const bucket: FakeBucket = {
    objects,
    text: (key) => objects.get(key)?.text,
    now: new Date("2026-11-21T08:00:00Z"),
    losesAnswers: false,
  };
  let written = 0;
  const refuse = (name: string, status: number): never => {
    throw Object.assign(awsError(name, status), { $response: { headers: { date: bucket.now.toUTCString() } } });
  };
  const check = (
    key: string,
    { IfMatch, IfNoneMatch }: { IfMatch?: string | undefined; IfNoneMatch?: string | undefined },
  ) => {
    const present = objects.get(key);
    if (IfNoneMatch === "*" && present) refuse("PreconditionFailed", 412);
    if (IfMatch !== undefined && !present) refuse("NoSuchKey", 404);
    if (IfMatch !== undefined && present?.etag !== IfMatch) refuse("PreconditionFailed", 412);
  };
  s3.on(PutObjectCommand).callsFake((input: PutObjectCommandInput & { Key: string; Body: string }) => {
    check(input.Key, input);
    written += 1;
    const etag = `"${written}"`;
    objects.set(input.Key, { text: input.Body, etag, modified: new Date(bucket.now) });
    versions.set(`${input.Key} v${written}`, input.Body);
    if (bucket.losesAnswers) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    return { ETag: etag, VersionId: `v${written}` };
  });
  s3.on(GetObjectCommand).callsFake(({ Key, VersionId }: { Key: string; VersionId?: string }) => {
    const stored = objects.get(Key);
    const text = VersionId === undefined ? stored?.text : versions.get(`${Key} ${VersionId}`);
    if (text === undefined) return refuse("NoSuchKey", 404);
    return {
      ETag: stored?.etag,
      LastModified: stored?.modified,
      Body: { transformToString: () => Promise.resolve(text) },
    };
  });
  s3.on(DeleteObjectCommand).callsFake((input: { Key: string; IfMatch?: string }) => {
    check(input.Key, input);
    objects.delete(input.Key);
    return {};
  });
  s3.on(ListObjectsV2Command).callsFake(({ Prefix = "" }: { Prefix?: string }) => ({
    Contents: [...objects.keys()]
      .filter((key) => key.startsWith(Prefix))
      .sort()
      .map((Key) => ({ Key })),
  }));
  s3.on(GetBucketVersioningCommand).resolves({ Status: "Enabled" });
  return bucket;
}
