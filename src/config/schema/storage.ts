import { z } from "zod";
import { bucketName, encryptionKey, region } from "../rules/aws.ts";
import { fillSource, kubernetesName, mountPath } from "../rules/servers.ts";
import { obeying, refuseRepeats, section, type Context } from "./fields.ts";

const sharedFolderSchema = z
  .strictObject({
    name: obeying(kubernetesName).describe("Lower-case letters, digits and hyphens"),
    mountPath: obeying(mountPath).optional().describe("Where users find it; `/` and its name if it is not given"),
    writers: z
      .enum(["everyone", "admins"])
      .default("everyone")
      .describe("Who may change what is in it; everybody can read it"),
    fillFrom: obeying(fillSource)
      .exactOptional()
      .describe(
        "`s3://bucket/folder`, or an `https://` address (an archive is unpacked). Copied once, at the first install",
      ),
  })
  .transform(({ mountPath, ...folder }) => ({ ...folder, mountPath: mountPath ?? `/${folder.name}` }));

const bucketSchema = z.strictObject({
  name: obeying(bucketName).describe("Its name, without `s3://`"),
  region: obeying(region)
    .exactOptional()
    .describe("Its region, the hub's if it is not given; reading across regions is slow and costs by the gigabyte"),
  access: z.enum(["read", "read-write"]).default("read").describe("What users may do with what is in it"),
});

export const storageSchema = section({
  home: section({
    type: z.literal("efs").default("efs").describe("`efs`: a file system that grows with its content"),
  }).describe("Users' homes"),
  sharedFolders: z
    .array(sharedFolderSchema)
    .superRefine(checkFolders)
    .prefault([{ name: "shared", mountPath: "/shared", writers: "everyone" }])
    .describe("Folders that all users see"),
  buckets: z
    .array(bucketSchema)
    .superRefine((buckets, context) =>
      refuseRepeats(
        buckets.map(({ name }) => name),
        (index) => [index, "name"],
        (index) => `"${buckets[index]?.name ?? ""}" is listed twice`,
        context,
      ),
    )
    .default([])
    .describe("S3 buckets that are there already, which users' servers reach without keys"),
  backups: section({
    enabled: z
      .boolean()
      .default(true)
      .describe("Whether they are made each day; those that are there stay in any case"),
    keepDays: z.int().min(1).max(36500).default(30).describe("How long a recovery point is kept"),
  }).describe("Backups of homes and shared folders in a vault of the deployment's own (AWS Backup)"),
  encryptionKey: obeying(encryptionKey)
    .default("aws")
    .describe(
      "Encrypts files, data and secrets: `aws` (AWS's own keys), `own` (one that is made for the deployment; deleting it takes thirty days), or the ARN of a KMS key",
    ),
}).describe("What outlives the cluster");

function checkFolders(folders: readonly { name: string; mountPath: string }[], context: Context): void {
  refuseRepeats(
    folders.map(({ name }) => name),
    (index) => [index, "name"],
    (index) => `"${folders[index]?.name ?? ""}" is listed twice`,
    context,
  );
  for (const [index, { mountPath }] of folders.entries()) {
    const outer = folders.find((other, at) => at !== index && isAtOrBelow(mountPath, other.mountPath, at < index));
    if (outer === undefined) continue;
    const message = `"${mountPath}" would lie in the folder ${outer.name}, at ${outer.mountPath}`;
    context.addIssue({ code: "custom", path: [index, "mountPath"], message });
  }
}

/** Of two equal paths only the second one is at fault. */
function isAtOrBelow(path: string, outer: string, isEqualAtFault: boolean): boolean {
  return path === outer ? isEqualAtFault : path.startsWith(`${outer}/`);
}
