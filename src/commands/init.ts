import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { getCaller } from "../aws/caller.ts";
import { createClients, type AwsClients } from "../aws/clients.ts";
import { listCopies, readCopiedFiles, readCopyManifest, type CopyManifest } from "../aws/config-copy.ts";
import { findStateBucket, stateBucketName } from "../aws/state-bucket.ts";
import type { ConfigFiles } from "../config/config-files.ts";
import { listDeployments } from "../config/deployment.ts";
import { nearestName } from "../config/nearest-name.ts";
import { createWorkDir } from "../config/work-dir.ts";
import { UserError } from "../errors.ts";
import { createOutput } from "../ui/output.ts";
import { rememberCopy } from "./config-copy.ts";

export interface InitOptions {
  /** A deployment's name, or true to learn which there are. */
  fetch: string | true;
  region?: string;
  assumeRole?: string;
}

/** Brings a deployment's configuration and lock file from the state bucket to this machine. */
export async function init(options: InitOptions, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const region = options.region ?? (env["AWS_REGION"] || env["AWS_DEFAULT_REGION"]);
  if (region === undefined || region === "") {
    throw new UserError("RegionMissing", "in which region is the deployment?", { hint: "say it with --region" });
  }
  const aws = createClients(region, options);
  const { account } = await getCaller(aws, options);
  // Asked for its clear refusals.
  await findStateBucket(aws, account);
  if (options.fetch === true) {
    await showCopies(aws, account);
    return;
  }
  const manifest =
    (await readCopyManifest(aws, account, options.fetch)) ?? (await refuseUnknown(aws, account, options.fetch));
  const root = listDeployments(process.cwd())?.root ?? process.cwd();
  refuseOtherForm(root, manifest);
  refusePathsOutside(manifest);
  await writeFiles(root, await readCopiedFiles(aws, { account, deployment: options.fetch }, manifest), manifest);
}

async function refuseUnknown(aws: AwsClients, account: string, name: string): Promise<never> {
  const names = await listCopies(aws, account);
  const near = nearestName(name, names);
  const known = names.length === 0 ? "none" : names.join(", ");
  throw new UserError(
    "CopyNotFound",
    `the state bucket ${stateBucketName(account, aws.region)} holds no configuration of "${name}"; it holds: ${known}`,
    {
      hint:
        near === undefined
          ? "is it another account or region? hubctl keeps the configuration there with each install"
          : `did you mean --fetch ${near}?`,
    },
  );
}

async function showCopies(aws: AwsClients, account: string): Promise<void> {
  const lines: string[] = [];
  for (const name of await listCopies(aws, account)) {
    const manifest = await readCopyManifest(aws, account, name);
    if (manifest) lines.push(`${name}  installed by ${manifest.by} at ${manifest.saved}`);
  }
  const bucket = stateBucketName(account, aws.region);
  createOutput().result(lines.length === 0 ? `no configuration in ${bucket}` : lines.join("\n"));
}

/** The same name in two forms would be an error for every later command. */
function refuseOtherForm(root: string, { form, name }: CopyManifest): void {
  const other = listDeployments(root)?.deployments.find((one) => one.name === name && one.form !== form);
  if (!other) return;
  throw new UserError("DeploymentInTwoForms", `${name} is there already, in another form: ${other.configFile}`, {
    hint: "move that file away, or fetch into another folder",
  });
}

async function writeFiles(root: string, files: ConfigFiles, manifest: CopyManifest): Promise<void> {
  const output = createOutput();
  const all = [...files].map(([path, text]) => ({ path, file: join(root, path), text }));
  const present = all.filter(({ file }) => existsSync(file));
  const differing = present.filter(({ file, text }) => readFileSync(file, "utf8") !== text);
  if (differing.length > 0) {
    const paths = differing.map(({ path }) => path).join(", ");
    throw new UserError("FilesDiffer", `these files are here already, with another content: ${paths}`, {
      hint: "fetch into an empty folder and compare, or move them away; nothing was written",
    });
  }
  for (const { file, text } of all) {
    if (present.some((one) => one.file === file)) continue;
    mkdirSync(dirname(file), { recursive: true });
    await writeFileAtomic(file, text);
    output.note(`wrote ${relative(process.cwd(), file)}`);
  }
  const workDir = { workDir: join(root, ".hubctl", manifest.name) };
  createWorkDir(workDir);
  await rememberCopy(workDir, manifest);
  output.result(
    `${manifest.name} is here as ${manifest.by} left it at ${manifest.saved}\n` +
      `Secrets are not kept with it: set them in the environment (hubctl install --help)\n` +
      `Next: hubctl status --deployment ${manifest.name}`,
  );
}

/** Whoever may write to the bucket must not be able to write elsewhere on this machine. */
export function refusePathsOutside({ files }: CopyManifest): void {
  const path = Object.keys(files).find((one) => isAbsolute(one) || one.split(/[/\\]/).includes(".."));
  if (path === undefined) return;
  throw new UserError("PathOutside", `the copy in the state bucket names a file outside of its folder: ${path}`, {
    hint: "find out who wrote the manifest.json beside it; nothing was written here",
  });
}
