import { mkdirSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import {
  compareWithCopy,
  differingFiles,
  hashOf,
  readCopyManifest,
  writeConfigCopy,
  type CopyManifest,
} from "../aws/config-copy.ts";
import { readConfigFiles, type ConfigFiles } from "../config/config-files.ts";
import type { Deployment } from "../config/deployment.ts";
import { lastSeenCopyFile, readLastSeenCopy } from "../config/last-seen-copy.ts";
import { fixedSettings, refuseFixedChanges } from "../config/fixed-settings.ts";
import { readLock } from "../config/lock-file.ts";
import { UserError } from "../errors.ts";
import type { Installation } from "../steps/installation.ts";
import type { Output } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";

/** The copy of a deployment's configuration and lock file in the state bucket. Asked for while the run lock is held. */
export interface ConfigCopy {
  /** Refuses to go on with a configuration that is older than the copy, unless the operator agrees. */
  compare(): Promise<void>;
  /** Makes the first copy once there is a lock file: with this machine, nothing but time may be lost. */
  keepFirst(): Promise<void>;
  /** Brings the copy up to date. */
  keep(): Promise<void>;
}

export interface ConfigCopyOptions {
  installation: Pick<Installation, "aws" | "caller" | "config" | "deployment">;
  /** Absolute paths of what the configuration was read from. */
  files: readonly string[];
  output: Output;
  redact: (text: string) => string;
  version: string;
  /** Go on with what is here, even if the copy is newer. */
  useLocalConfig: boolean;
  /** The run makes the deployment what the configuration says, so that must be possible. */
  isForApplying: boolean;
}

export function createConfigCopy(options: ConfigCopyOptions): ConfigCopy {
  const { installation, files, output, redact, version, isForApplying } = options;
  const { aws, deployment, config } = installation;
  let latest: CopyManifest | undefined;

  const keep = async ({ isApplied }: { isApplied: boolean }): Promise<void> => {
    const local = readConfigFiles(deployment, files);
    const lock = readLock(deployment.lockFile);
    const hasFixed = latest?.fixed !== undefined || !isApplied;
    if (!lock || (latest?.hash === hashOf(local) && hasFixed)) return;
    const leak = [...local].find(([, text]) => redact(text) !== text)?.[0];
    if (leak !== undefined) {
      output.note(`! ${leak} holds a secret of the environment: the state bucket gets no copy of the configuration`);
      return;
    }
    const { account, arn } = await installation.caller();
    const by = `${userInfo().username}@${hostname()}`;
    const { form, name } = deployment;
    const fixed = isApplied ? { fixed: fixedSettings(config) } : {};
    const author = { hubctl: version, form, name, id: lock.id, by, principal: arn, ...fixed };
    latest = await writeConfigCopy(aws, { account, deployment: config.name }, local, author, latest);
    await rememberCopy(deployment, latest);
  };

  return {
    async compare() {
      const { account } = await installation.caller();
      latest = await readCopyManifest(aws, account, config.name);
      if (!latest) return;
      refuseOtherLock(config.name, deployment.lockFile, latest, aws.region);
      if (isForApplying && latest.fixed) refuseFixedChanges(latest.fixed, config);
      await judge(latest, readConfigFiles(deployment, files), options);
    },
    async keepFirst() {
      if (!latest) await keep({ isApplied: false });
    },
    keep: () => keep({ isApplied: true }),
  };
}

async function judge(latest: CopyManifest, local: ConfigFiles, options: ConfigCopyOptions): Promise<void> {
  const { output, useLocalConfig } = options;
  const { config, deployment, aws } = options.installation;
  const standing = compareWithCopy(latest, hashOf(local), readLastSeenCopy(deployment));
  if (standing === "same") await rememberCopy(deployment, latest);
  if (standing === "same" || standing === "newer") return;
  const theirs = `what ${latest.by} installed at ${latest.saved} (${differingFiles(latest, local).join(", ")})`;
  const howToGet = `hubctl init --fetch ${config.name} --region ${aws.region}, in an empty folder`;
  if (standing === "unknown") {
    output.note(`! the configuration here is another one than ${theirs}; that one: ${howToGet}`);
    return;
  }
  const message =
    standing === "older"
      ? `the configuration here is older than ${theirs}`
      : `the configuration here was changed, but without ${theirs}`;
  if (useLocalConfig) {
    output.note(`! ${message}`);
    return;
  }
  if (!output.canAsk) {
    throw new UserError("ConfigOlder", message, {
      hint: `bring it up to date (git pull, or ${howToGet}); or go on with what is here: --use-local-config`,
    });
  }
  // A status line may stand where the question goes.
  output.showStatus("")();
  output.note(`! ${message}; that one: ${howToGet}`);
  await confirmOrAbort(output, {
    message: "Go on with the configuration that is here, and undo what they changed?",
    flag: "--use-local-config",
    declined: "declined; nothing was touched",
  });
}

/** Two lock files would be two deployments of one name, with one state between them. */
function refuseOtherLock(name: string, lockFile: string, { id, by, saved }: CopyManifest, region: string): void {
  const local = readLock(lockFile);
  if (local?.id === id) return;
  if (local) {
    throw new UserError(
      "OtherDeployment",
      `the state bucket knows another deployment named ${name}: ${by} installed it (${saved}, id ${id}), and ${lockFile} says ${local.id}`,
      {
        hint: `choose another name for this one, or go on with theirs: hubctl init --fetch ${name} --region ${region}`,
      },
    );
  }
  throw new UserError("LockFileMissing", `${by} installed ${name} already (${saved}), but ${lockFile} is not here`, {
    hint: `get it with hubctl init --fetch ${name} --region ${region}, or from version control`,
  });
}

/** Keeps in mind which copy this machine knew last. */
export async function rememberCopy(deployment: Pick<Deployment, "workDir">, { hash }: CopyManifest): Promise<void> {
  const file = lastSeenCopyFile(deployment);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, `${hash}\n`);
}
