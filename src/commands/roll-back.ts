import { join, relative } from "node:path";
import { getCaller } from "../aws/caller.ts";
import { createClients, type AwsClients } from "../aws/clients.ts";
import { describeCluster } from "../aws/cluster.ts";
import { describeCoreNodeGroups } from "../aws/core-node-group.ts";
import { differingFiles, hashOf, readCopiedFiles, type CopyManifest } from "../aws/config-copy.ts";
import { findFormerCopy } from "../aws/former-copy.ts";
import { readConfigFiles, type ConfigFiles } from "../config/config-files.ts";
import type { Deployment } from "../config/deployment.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { readLastSeenCopy } from "../config/last-seen-copy.ts";
import { parseLock, readLock } from "../config/lock-file.ts";
import { UserError } from "../errors.ts";
import { installSteps } from "../steps/index.ts";
import { createExec } from "../tools/exec.ts";
import { createOutput } from "../ui/output.ts";
import { compareVersions } from "../upgrade/compare-versions.ts";
import { describeIrreversible } from "../upgrade/lock-changes.ts";
import { carryOut, planAndAgree, type Application } from "./apply-configuration.ts";
import { loadConfigured } from "./configured.ts";
import { copyId, isUnderWay, readBegunRollback, takeFilesBack, type BegunRollback } from "./former-files.ts";
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
  /** The configuration that was installed last. */
  newest: CopyManifest;
  /** The rollback that is gone on with. */
  begun?: BegunRollback;
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
  const former = await chooseFormer(aws, {
    account,
    deployment,
    name: config.name,
    id: recorded.id,
    local,
    files,
    useLocalConfig: options.useLocalConfig ?? false,
  });
  const { manifest, begun } = former;
  const lock = lockAfterRollback(recorded, former.lock, await readReached(aws, config.name, recorded));

  output.note(
    `${begun ? "Going on, back" : "Back"} to what ${manifest.by} installed at ${manifest.saved}, with hubctl ${manifest.hubctl}`,
  );
  for (const path of differingFiles(manifest, local)) output.note(`  • ${path}`);
  for (const line of describeIrreversible(former.lock, lock)) output.note(`! what stays as it is: ${line}`);

  const way = { newest: copyId(former.newest), to: copyId(manifest) };
  const takenBack = await takeFilesBack({ deployment, former: former.files, present: files }, way, begun);
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
        await takenBack.touch();
        await carryOut(session, application, agreed);
      },
    );
  } catch (error) {
    await takenBack.undo();
    throw error;
  }
  await takenBack.end();
  output.note(`What was here before lies in ${takenBack.folder}`);
}

interface Choice {
  account: string;
  deployment: Deployment;
  name: string;
  /** Of the deployment, as in its lock file. */
  id: string;
  local: ConfigFiles;
  files: readonly string[];
  useLocalConfig: boolean;
}

/**
 * The newest configuration that was installed to its end and is not the one that is here: the last good one, if that was
 * never installed, else the one before it. A rollback that was stopped goes on to its own: what it has left here is not
 * what it set out from.
 */
async function chooseFormer(
  aws: AwsClients,
  { account, deployment, name, id, local, files, useLocalConfig }: Choice,
): Promise<Former> {
  const find = (isWanted: (manifest: CopyManifest) => boolean) =>
    findFormerCopy(aws, { account, deployment: name, id }, isWanted);
  const read = async (manifest: CopyManifest) =>
    readFormer(deployment, manifest, await readCopiedFiles(aws, { account, deployment: name }, manifest));

  const newest = await find(() => true);
  if (!newest) throw nothingBefore(deployment.name);
  const begun = readBegunRollback(deployment);
  if (begun?.newest === copyId(newest)) {
    const goal = await find((manifest) => copyId(manifest) === begun.to);
    const former = goal && (await read(goal));
    if (former && isUnderWay({ deployment, former: former.files, present: files }, begun)) {
      return { ...former, newest, begun };
    }
  }
  const here = hashOf(local);
  const isKnownHere = useLocalConfig || readLastSeenCopy(deployment) === newest.hash;
  if (!isKnownHere && newest.earlier.includes(here)) throw olderThan(newest, deployment);
  const chosen = await find(({ hash }) => hash !== here);
  if (!chosen) throw nothingBefore(deployment.name);
  return { ...(await read(chosen)), newest };
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

/** What is before that may well be what is here, and the newest one what is to be undone. */
function olderThan({ by, saved }: CopyManifest, { name }: Deployment): UserError {
  return new UserError("ConfigOlder", `the configuration here is older than what ${by} installed at ${saved}`, {
    hint: `to make it the one in force: hubctl update --use-local-config --deployment ${name}; to roll back from theirs, bring it here first (git pull, or hubctl init --fetch ${name})`,
  });
}

function readFormer(deployment: Deployment, manifest: CopyManifest, files: ConfigFiles): Omit<Former, "newest"> {
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

/** What EKS can't take back; undefined where there is nothing yet. An upgrade may be recorded and never have begun. */
interface Reached {
  kubernetes?: string | undefined;
  /** Of the core nodes. */
  nodeRelease?: string | undefined;
}

/** What EKS is moving now counts as moved: it can't be stopped. */
async function readReached(aws: AwsClients, cluster: string, recorded: HubLock): Promise<Reached> {
  const [found, [group]] = await Promise.all([describeCluster(aws, cluster), describeCoreNodeGroups(aws, cluster)]);
  return {
    kubernetes: found?.status === "UPDATING" ? recorded.kubernetes : found?.version,
    nodeRelease: group?.status === "UPDATING" ? recorded.nodeImage.release : group?.releaseVersion,
  };
}

/**
 * EKS takes no control plane back to an older minor, and no node group to an older image; what fits the control plane
 * stays with it. An older provider may not be able to read the state.
 */
export function lockAfterRollback(recorded: HubLock, former: HubLock, reached: Reached): HubLock {
  const { provider, addons, nodeImage, charts } = recorded;
  const { kubernetes = former.kubernetes, nodeRelease = former.nodeImage.release } = reached;
  if (kubernetes === former.kubernetes) {
    const hasNewerNodes = compareVersions(nodeRelease, former.nodeImage.release) > 0;
    return { ...former, provider, ...(hasNewerNodes && { nodeImage }) };
  }
  const following = Object.entries(charts).filter(([name]) => followKubernetes.includes(name));
  return {
    ...former,
    provider,
    kubernetes,
    addons,
    nodeImage,
    charts: { ...former.charts, ...Object.fromEntries(following) },
  };
}
