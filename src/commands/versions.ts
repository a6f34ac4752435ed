import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { createClients, type AwsClients } from "../aws/clients.ts";
import {
  accessTo,
  describeCluster,
  hubctlToken,
  kubeconfigFor,
  kubeContext,
  refuseForeignCluster,
} from "../aws/cluster.ts";
import { getCaller } from "../aws/caller.ts";
import type { HubConfig } from "../config/hub-config.ts";
import { readLock } from "../config/lock-file.ts";
import { HubctlError, UserError } from "../errors.ts";
import { findFrozenDigests } from "../steps/frozen-digests.ts";
import { createExec, type Exec } from "../tools/exec.ts";
import { createOutput, type Output } from "../ui/output.ts";
import { readInCluster, readVersions, type InCluster, type VersionRow } from "../upgrade/read-versions.ts";
import { loadConfigured, thisProgram, type ConfiguredOptions } from "./configured.ts";
import { formatVersions, warnAbout } from "./versions-screens.ts";

export interface VersionsOptions extends ConfiguredOptions {
  json: boolean;
}

/** What runs, what is recorded, and what there is to move to. Changes nothing. */
export async function versions({ json, ...options }: VersionsOptions): Promise<void> {
  const exec = createExec();
  const { config, deployment } = await loadConfigured({ ...options, needsSecrets: false }, exec);
  const output = createOutput({ json });
  const lock = readLock(deployment.lockFile);
  if (!lock) {
    throw new UserError("NotInstalled", `${deployment.name} has no lock file yet: no version has been recorded`, {
      hint: `hubctl install --deployment ${deployment.name}`,
    });
  }
  const aws = createClients(config.aws.region, config.aws);
  const { account, arn } = await getCaller(aws, config.aws);
  if (account !== lock.account) {
    throw new UserError(
      "WrongAccount",
      `${config.name} belongs to AWS account ${lock.account} (${deployment.lockFile}), but the login is for ${account} (${arn})`,
      { hint: `log in to account ${lock.account}, for example with AWS_PROFILE` },
    );
  }
  const inCluster = await lookInside({ aws, config, exec, output, id: lock.id });
  const rows = [
    ...(await readVersions({ aws, config, lock }, inCluster)),
    ...(await imageRows(aws, config, lock.images, output)),
  ];
  const now = new Date();
  const warnings = warnAbout(rows, config, now);
  output.result(formatVersions(rows, warnings, { now, deployment: deployment.name }), {
    deployment: deployment.name,
    checked: now.toISOString(),
    versions: rows,
    warnings,
  });
}

interface Inside {
  aws: AwsClients;
  config: HubConfig;
  exec: Exec;
  output: Output;
  id: string;
}

/** Undefined, with a word why, if the cluster does not answer: the rest is worth telling without it. */
async function lookInside({ aws, config, exec, output, id }: Inside): Promise<InCluster | undefined> {
  const cluster = await describeCluster(aws, config.name);
  refuseForeignCluster(cluster, id);
  const access = accessTo(cluster, aws.region);
  if (!access) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "hubctl-versions-"));
  try {
    const kubeconfig = join(folder, "kubeconfig");
    const login = hubctlToken(thisProgram, access, config.aws);
    await writeFile(kubeconfig, stringify(kubeconfigFor(access, login)), { mode: 0o600 });
    return await readInCluster(exec, { kubeconfig, context: kubeContext(config.name) });
  } catch (error) {
    if (!(error instanceof HubctlError)) throw error;
    output.note(`! the cluster can't be asked what runs in it: ${error.message}`);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Frozen images: the recorded digest, and what the tag means today. */
async function imageRows(
  aws: AwsClients,
  config: HubConfig,
  recorded: Readonly<Record<string, string>> = {},
  output: Output,
): Promise<VersionRow[]> {
  const names = Object.keys(recorded);
  if (names.length === 0) return [];
  let today: Record<string, string> = {};
  try {
    today = await findFrozenDigests({ aws, config, signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    if (!(error instanceof HubctlError)) throw error;
    output.note(`! what the tags of frozen images mean today can't be asked: ${error.message}`);
  }
  return names.map((name) => {
    const [locked, newest] = [recorded[name], today[name]];
    return { what: `image ${name}`, ...(locked && { locked }), ...(newest && { newest }) };
  });
}
