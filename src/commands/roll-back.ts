import { existsSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { getCaller } from "../aws/caller.ts";
import { createClients } from "../aws/clients.ts";
import { describeCluster } from "../aws/cluster.ts";
import { differingFiles, hashOf, readCopiedFiles, type CopyManifest } from "../aws/config-copy.ts";
import { findFormerCopy } from "../aws/former-copy.ts";
import { readConfigFiles, type ConfigFiles } from "../config/config-files.ts";
import type { Deployment } from "../config/deployment.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { parseLock, readLock } from "../config/lock-file.ts";
import { workDirPaths } from "../config/work-dir.ts";
import { UserError } from "../errors.ts";
import { installSteps } from "../steps/index.ts";
import { createExec } from "../tools/exec.ts";
import { createOutput } from "../ui/output.ts";
import { describeIrreversible } from "../upgrade/lock-changes.ts";
import { carryOut, planAndAgree, type Application } from "./apply-configuration.ts";
import { loadConfigured } from "./configured.ts";
import { refuseNotInstalled } from "./refuse-not-installed.ts";
import { resumeCommand } from "./resume-command.ts";
import { inSession } from "./session.ts";
import type { UpdateOptions } from "./update.ts";

/** A configuration that was in force before, and the lock file that went with it. */
interface Former {
  manifest: CopyManifest;
  /** By absolute path; without the lock file. */
  files: ReadonlyMap<string, string>;
  lock: HubLock;
}

/** Takes configuration, versions and releases back to what was installed to its end before. */
export async function rollBack(options: UpdateOptions): Promise<void> {
  const output = createOutput({ debug: options.debug ?? false });
  const { config, deployment, files } = await loadConfigured({ ...options, needsSecrets: false }, createExec());
  refuseNotInstalled(deployment);
  const aws = createClients(config.aws.region, config.aws);
  const { account } = await getCaller(aws, config.aws);
  const local = readConfigFiles(deployment, files);
  const recorded = requireLock(deployment, account);
  const manifest = await findFormerCopy(aws, { account, deployment: config.name, id: recorded.id }, hashOf(local));
  if (!manifest) throw nothingBefore(config.name);
  const former = readFormer(
    deployment,
    manifest,
    await readCopiedFiles(aws, { account, deployment: config.name }, manifest),
  );
  const running = (await describeCluster(aws, config.name))?.version;
  const lock = lockAfterRollback(recorded, former.lock, running);

  output.note(`Back to what ${manifest.by} installed at ${manifest.saved}, with hubctl ${manifest.hubctl}`);
  for (const path of differingFiles(manifest, local)) output.note(`  • ${path}`);
  const kept = lock.kubernetes === former.lock.kubernetes ? [] : describeIrreversible(former.lock, lock);
  for (const line of kept) output.note(`! what stays as it is: ${line}`);

  const takenBack = await takeFilesBack(deployment, files, former);
  const progress = { hasBegun: false };
  try {
    await inSession(
      "update",
      { ...options, useLocalConfig: true, keepsConfig: true, chooseLock: () => Promise.resolve(lock), rollsBack: true },
      async (session) => {
        const application: Application = {
          steps: installSteps,
          became: "is back where it was",
          consent: { ...options, question: "Go back to exactly this?" },
          resume: resumeCommand("update", deployment.name, options),
        };
        const agreed = await planAndAgree(session, application);
        progress.hasBegun = true;
        await carryOut(session, application, agreed);
      },
    );
  } catch (error) {
    if (!progress.hasBegun) await takenBack.undo();
    throw error;
  }
  output.note(`What was here before lies in ${takenBack.folder}`);
}

function requireLock({ lockFile, name }: Deployment, account: string): HubLock {
  const lock = readLock(lockFile);
  if (lock?.account === account) return lock;
  throw new UserError("WrongAccount", `${name} belongs to AWS account ${lock?.account ?? "?"}, not to ${account}`, {
    hint: `log in to account ${lock?.account ?? "?"}, for example with AWS_PROFILE`,
  });
}

function nothingBefore(name: string): UserError {
  return new UserError("NothingBefore", `the state bucket knows no earlier configuration of ${name}`, {
    hint: `change the configuration, or get it from version control; then: hubctl update --deployment ${name}`,
  });
}

function readFormer(deployment: Deployment, manifest: CopyManifest, files: ConfigFiles): Former {
  const lockPath = relative(deployment.root, deployment.lockFile).replaceAll("\\", "/");
  const lockText = files.get(lockPath);
  if (lockText === undefined) throw nothingBefore(deployment.name);
  const others = [...files].filter(([path]) => path !== lockPath);
  return {
    manifest,
    files: new Map(others.map(([path, text]) => [join(deployment.root, path), text])),
    lock: parseLock(lockText, `${lockPath} of ${manifest.saved}`),
  };
}

/** Charts that must know the version of Kubernetes. */
const followKubernetes = ["karpenter", "karpenter-crd"];

/**
 * EKS takes no control plane back to an older minor; what fits the one that runs stays with it. `running` is what EKS
 * says: an upgrade may have been recorded and never have begun. An older provider may not be able to read the state.
 */
export function lockAfterRollback(recorded: HubLock, former: HubLock, running: string | undefined): HubLock {
  const { provider, addons, nodeImage, charts } = recorded;
  if (running === undefined || running === former.kubernetes) return { ...former, provider };
  const following = Object.entries(charts).filter(([name]) => followKubernetes.includes(name));
  return {
    ...former,
    provider,
    kubernetes: running,
    addons,
    nodeImage,
    charts: { ...former.charts, ...Object.fromEntries(following) },
  };
}

interface TakenBack {
  folder: string;
  undo(): Promise<void>;
}

/** Puts the former files in the place of those that are here, which are kept. */
async function takeFilesBack(deployment: Deployment, present: readonly string[], former: Former): Promise<TakenBack> {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const folder = join(workDirPaths(deployment).path, "before-rollback", stamp);
  const inFolder = (file: string) => join(folder, relative(deployment.root, file));
  const here = present.filter((file) => existsSync(file));
  for (const file of [...here, deployment.lockFile]) {
    await mkdir(dirname(inFolder(file)), { recursive: true, mode: 0o700 });
    await cp(file, inFolder(file));
  }
  for (const file of here) if (!former.files.has(file)) await rm(file);
  for (const [file, text] of former.files) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return {
    folder,
    async undo() {
      for (const file of former.files.keys()) if (!here.includes(file)) await rm(file, { force: true });
      for (const file of here) await cp(inFolder(file), file);
      await rm(folder, { recursive: true });
    },
  };
}
