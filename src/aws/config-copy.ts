import { z } from "zod";
import { fixedSettingsSchema } from "../config/fixed-settings.ts";
import { hashConfig, hashText, type ConfigFiles } from "../config/config-files.ts";
import { ToolError, UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import { listStateKeys, readStateObject, writeStateObject } from "./state-object.ts";

/** Grows when a newer hubctl writes what an older one can't read. */
const format = 1;
/** Of so many former configurations it is known that they are older. */
const rememberedCopies = 200;

const manifestSchema = z.object({
  format: z.literal(format),
  hubctl: z.string(),
  form: z.enum(["hub.yaml", "tfvars"]),
  /** What its files are called by. */
  name: z.string(),
  /** Of the deployment, as in its lock file. */
  id: z.string(),
  saved: z.iso.datetime(),
  /** user@host */
  by: z.string(),
  principal: z.string(),
  hash: z.string(),
  files: z.record(z.string(), z.object({ sha256: z.string(), version: z.string() })),
  /** What the deployment was made with; only known of what was installed to its end. */
  fixed: fixedSettingsSchema.optional(),
  /** Hashes of the configurations before this one, the newest first. */
  earlier: z.array(z.string()),
});

/** What the state bucket holds of a deployment's configuration. The copy is whole or not there: it is written last. */
export type CopyManifest = z.infer<typeof manifestSchema>;

export type CopyAuthor = Pick<CopyManifest, "hubctl" | "form" | "name" | "id" | "by" | "principal" | "fixed">;

/** The latest copy; undefined when there is none. */
export async function readCopyManifest(
  aws: AwsClients,
  account: string,
  deployment: string,
): Promise<CopyManifest | undefined> {
  const key = copyManifestKey(deployment);
  const text = await readStateObject(aws, account, key);
  return text === undefined ? undefined : parseCopyManifest(key, text);
}

/** `key` is where it was found. */
export function parseCopyManifest(key: string, text: string): CopyManifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      "ConfigCopyUnreadable",
      `the copy of the configuration (${key}) is none that this hubctl knows`,
      {
        hint: "upgrade hubctl: npm install --global hubctl@latest",
        cause,
      },
    );
  }
}

/** Keeps the files; the ones that the last copy has already are not written again. */
export async function writeConfigCopy(
  aws: AwsClients,
  { account, deployment }: { account: string; deployment: string },
  files: ConfigFiles,
  author: CopyAuthor,
  last: CopyManifest | undefined,
): Promise<CopyManifest> {
  const kept: CopyManifest["files"] = {};
  for (const [path, text] of files) {
    const sha256 = hashText(text);
    const former = last?.files[path];
    const version =
      former?.sha256 === sha256
        ? former.version
        : await writeStateObject(aws, account, copyKey(deployment, `files/${path}`), text);
    kept[path] = { sha256, version };
  }
  const hash = hashOf(files);
  const earlier = last ? [last.hash, ...last.earlier] : [];
  const manifest: CopyManifest = {
    format,
    ...author,
    saved: new Date().toISOString(),
    hash,
    files: kept,
    earlier: [...new Set(earlier)].filter((one) => one !== hash).slice(0, rememberedCopies),
  };
  await writeStateObject(aws, account, copyManifestKey(deployment), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The files of a copy, exactly in the versions that belong together. */
export async function readCopiedFiles(
  aws: AwsClients,
  { account, deployment }: { account: string; deployment: string },
  { files }: CopyManifest,
): Promise<ConfigFiles> {
  const texts = new Map<string, string>();
  for (const [path, { sha256, version }] of Object.entries(files)) {
    const key = copyKey(deployment, `files/${path}`);
    const text = await readStateObject(aws, account, key, version);
    if (text === undefined || hashText(text) !== sha256) {
      throw new ToolError("ConfigCopyBroken", `the state bucket does not hold ${key} as it was written any more`, {
        hint: "run hubctl install on the machine that has the configuration: it makes the copy anew",
      });
    }
    texts.set(path, text);
  }
  return texts;
}

/** Names of the deployments whose configuration the state bucket holds. */
export async function listCopies(aws: AwsClients, account: string): Promise<string[]> {
  const pattern = new RegExp(`^deployments/([^/]+)/config/${manifestFile.replace(".", "\\.")}$`);
  const keys = await listStateKeys(aws, account, "deployments/");
  return keys.flatMap((key) => pattern.exec(key)?.[1] ?? []);
}

/** How a local configuration stands to the latest copy. "unknown": it is another one, and none that came before. */
export type Standing = "same" | "newer" | "older" | "diverged" | "unknown";

/** `lastSeen` is the hash of the copy that this machine knew last. */
export function compareWithCopy(
  { hash, earlier }: Pick<CopyManifest, "hash" | "earlier">,
  local: string,
  lastSeen: string | undefined,
): Standing {
  if (local === hash) return "same";
  if (earlier.includes(local) || local === lastSeen) return "older";
  if (lastSeen === hash) return "newer";
  return lastSeen === undefined ? "unknown" : "diverged";
}

/** Paths whose text is not the same here and there. */
export function differingFiles({ files }: Pick<CopyManifest, "files">, local: ConfigFiles): string[] {
  const paths = new Set([...Object.keys(files), ...local.keys()]);
  return [...paths].sort().filter((path) => {
    const text = local.get(path);
    return text === undefined || hashText(text) !== files[path]?.sha256;
  });
}

export function hashOf(files: ConfigFiles): string {
  return hashConfig(new Map([...files].map(([path, text]) => [path, hashText(text)])));
}

const manifestFile = "manifest.json";

export function copyManifestKey(deployment: string): string {
  return copyKey(deployment, manifestFile);
}

function copyKey(deployment: string, path: string): string {
  return `deployments/${deployment}/config/${path}`;
}
