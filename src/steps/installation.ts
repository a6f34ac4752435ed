import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import type { z } from "zod";
import {
  accessTo,
  describeCluster,
  hubctlToken,
  kubeconfigFor,
  kubeContext,
  type LoginProgram,
} from "../aws/cluster.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { createClients, type AwsClients } from "../aws/clients.ts";
import { getCaller, principalArn, type Caller } from "../aws/caller.ts";
import { resolveVersions } from "../aws/resolve-versions.ts";
import { readSecretValue } from "../aws/secret-value.ts";
import { findStateBucket } from "../aws/state-bucket.ts";
import { readStateObject } from "../aws/state-object.ts";
import type { Deployment } from "../config/deployment.ts";
import type { HubConfig, Secrets } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { UserError } from "../errors.ts";
import { readLock } from "../config/lock-file.ts";
import { presentDefaults } from "../config/recorded-defaults.ts";
import type { WorkDir } from "../config/work-dir.ts";
import {
  clusterOutputsSchema,
  generatedSecretsSchema,
  storageOutputsSchema,
  type ClusterOutputs,
  type GeneratedSecrets,
  type ReleaseInputs,
  type StorageOutputs,
} from "../releases/inputs.ts";
import type { Exec } from "../tools/exec.ts";
import { testedVersions } from "../versions.ts";
import { findDeploymentCertificate, type DeploymentCertificate } from "./deployment-certificate.ts";
import { findFrozenDigests } from "./frozen-digests.ts";
import { createGuard, type Guard } from "./guard.ts";
import { memo, type Memo } from "./memo.ts";
import { stackKey } from "./terraform-override.ts";
import { tokenFromEnvironment } from "../tools/kube-login.ts";
import { findTerraform, type TerraformBinary } from "../tools/terraform.ts";
import type { TerraformRunDependencies } from "../tools/terraform-run.ts";
import { deploymentStack, readStateOutputs, type DeploymentStack } from "./terraform-stack.ts";

/** What the steps of one deployment share: its configuration, its tools, and answers that several of them need. */
export interface Installation {
  readonly deployment: Deployment;
  readonly config: HubConfig;
  readonly secrets: Secrets;
  readonly workDir: WorkDir;
  readonly aws: AwsClients;
  readonly exec: Exec;
  /** The argv prefix that runs this hubctl. */
  readonly program: LoginProgram;
  /** Folder, URL or registry that charts come from instead of their own repositories. */
  readonly chartMirror: string | undefined;
  readonly signal: AbortSignal;
  /** Tells the operator something outside of any step. */
  readonly note: (text: string) => void;
  readonly stacks: { storage: DeploymentStack; cluster: DeploymentStack };
  /** Refuses what would be lost and was not named. */
  readonly guard: Guard;
  /** Releases go back to a former revision if that is what is wanted. */
  readonly rollsBack: boolean;
  /** Nothing is to be written in AWS or in the cluster, no lock included: everything is only looked at. */
  readonly isReading: boolean;
  readonly terraform: Memo<TerraformBinary>;
  readonly caller: Memo<Caller>;
  /**
   * What the lock file is to hold: its content, before the first install what is resolved then, or what `chooseLock`
   * made of it. `newImages` are the frozen images whose digests are not in the file yet.
   */
  readonly lock: Memo<WantedLock>;
  /** Whether the stacks' state is in the bucket, or is to be; before that, plans are made on empty state. */
  readonly stateBucketReady: Memo<boolean>;
  readonly certificate: Memo<DeploymentCertificate>;
  /** Outputs of the stacks; undefined until they have been applied. */
  readonly storageOutputs: Memo<StorageOutputs | undefined>;
  readonly clusterOutputs: Memo<ClusterOutputs | undefined>;
  readonly generatedSecrets: Memo<GeneratedSecrets | undefined>;
  /** The kubeconfig that fits the cluster as it is now; undefined until there is one. */
  readonly kubeconfigText: Memo<string | undefined>;
  /** Undefined until the cluster's stack has been applied, or that kubeconfig has been written. */
  readonly kubeTarget: Memo<KubeTarget | undefined>;
  /** What the values of Helm releases are made of; undefined until all of it exists. */
  readonly releaseInputs: Memo<ReleaseInputs | undefined>;
  /** Where the hub's load balancer answers, once it is known. */
  loadBalancer?: string;
  /** What is left to do so that the domain leads there, or is not well on the way; empty if the hub answers at it. */
  domainAdvice?: string[];
  takeRunLock(): Promise<void>;
  /** Gives the run lock back early, and leaves nothing more in the state bucket: for a run that removes what is there. */
  leaveStateBucket(): Promise<void>;
  /** Forgets the answers that a change of what exists may have made wrong. */
  forget(): void;
}

interface WantedLock {
  lock: HubLock;
  /** Whether there is a lock file. */
  recorded: boolean;
  newImages?: string[];
  /** What the file holds, if that is to become something else. */
  replaces?: HubLock;
}

export interface InstallationOptions extends Pick<
  Installation,
  | "deployment"
  | "config"
  | "secrets"
  | "workDir"
  | "exec"
  | "program"
  | "chartMirror"
  | "signal"
  | "note"
  | "takeRunLock"
  | "leaveStateBucket"
> {
  hubctlVersion: string;
  /** Makes another lock of the recorded one, for an upgrade or a rollback; asked once a run, before anything changes. */
  chooseLock?: (installation: Installation, recorded: HubLock) => Promise<HubLock>;
  /** Addresses of what may be replaced or deleted. */
  allowReplace?: readonly string[];
  rollsBack?: boolean;
  isReading?: boolean;
  hideSecrets: (...values: string[]) => void;
  terraformRuns: TerraformRunDependencies;
}

export function createInstallation(options: InstallationOptions): Installation {
  const { deployment, config, secrets, hubctlVersion, hideSecrets } = options;
  const aws = createClients(config.aws.region, config.aws);
  // Never forgotten: once it is written, the same choice made again would be the next version.
  const chosen = memo(async () => {
    const recorded = readLock(deployment.lockFile);
    if (!recorded || !options.chooseLock) throw new Error("there is no lock to choose another one for");
    return withDigests(installation, await options.chooseLock(installation, recorded));
  });
  const installation: Installation = {
    ...options,
    aws,
    get stacks() {
      return stacks;
    },
    guard: createGuard(options.allowReplace),
    rollsBack: options.rollsBack ?? false,
    isReading: options.isReading ?? false,
    terraform: memo(() => findTerraform(options.exec)),
    caller: memo(() => getCaller(aws, config.aws)),
    lock: memo(async () => {
      const recorded = readLock(deployment.lockFile);
      if (recorded === undefined) {
        return { recorded: false, ...(await withDigests(installation, await newLock(installation, hubctlVersion))) };
      }
      if (!options.chooseLock) return { recorded: true, ...(await withDigests(installation, recorded)) };
      const { lock } = await chosen();
      return { lock, recorded: true, ...(isDeepStrictEqual(lock, recorded) ? {} : { replaces: recorded }) };
    }),
    stateBucketReady: memo(async () => {
      const { account } = await installation.caller();
      const found = await findStateBucket(aws, account);
      if (found !== "incomplete") return found === "ready";
      // Whatever somebody has taken from the bucket: a plan on empty state would be of a deployment that is there already.
      return (await readStateObject(aws, account, stackKey(config.name, "cluster", "terraform.tfstate"))) !== undefined;
    }),
    certificate: memo(async () => findDeploymentCertificate(aws, config, (await installation.lock()).lock)),
    storageOutputs: memo(async () => readOutputs(storageOutputsSchema, await installation.stacks.storage.outputs())),
    clusterOutputs: memo(async () => readOutputs(clusterOutputsSchema, await installation.stacks.cluster.outputs())),
    generatedSecrets: memo(async () => {
      const storage = await installation.storageOutputs();
      const text = storage && (await readSecretValue(aws, storage.generated_secret_arn));
      if (text === undefined) return undefined;
      const generated = parseGeneratedSecrets(text, storage?.generated_secret_arn ?? "");
      hideSecrets(...Object.values(generated));
      return generated;
    }),
    kubeconfigText: memo(async () => {
      const access = accessTo(await describeCluster(aws, config.name), aws.region);
      if (!access) return undefined;
      const login = installation.isReading ? tokenFromEnvironment : hubctlToken(options.program, access, config.aws);
      return stringify(kubeconfigFor(access, login));
    }),
    kubeTarget: memo(async () => {
      const wanted = await installation.kubeconfigText();
      if (wanted === undefined) return undefined;
      const { kubeconfig, kubeconfigForChecks } = options.workDir;
      const context = kubeContext(config.name);
      const present = await readFile(kubeconfig, "utf8").catch(() => undefined);
      if (present === wanted) return { kubeconfig, context };
      // On another machine, or with a hubctl that has moved, a plan is to tell of the cluster before it is agreed to. While
      // the stack is being made, nobody may be let in yet.
      if (!installation.isReading && !(await isClusterComplete(installation))) return undefined;
      const file = installation.isReading ? kubeconfig : kubeconfigForChecks;
      await writeFile(file, wanted, { mode: 0o600 });
      return { kubeconfig: file, context };
    }),
    releaseInputs: memo(async () => {
      const [{ lock }, generated, storage, cluster] = await Promise.all([
        installation.lock(),
        installation.generatedSecrets(),
        installation.storageOutputs(),
        installation.clusterOutputs(),
      ]);
      if (!generated || !storage || !cluster) return undefined;
      const certificate = await installation.certificate();
      const certificateArn = certificate.kind === "usable" ? certificate.certificate.arn : undefined;
      const inputs = { config, lock, secrets, generated, storage, cluster };
      return certificateArn === undefined ? inputs : { ...inputs, certificateArn };
    }),
    forget() {
      const { lock, stateBucketReady, storageOutputs, clusterOutputs, generatedSecrets } = installation;
      const { certificate, kubeconfigText, kubeTarget, releaseInputs } = installation;
      const answers = [lock, stateBucketReady, storageOutputs, clusterOutputs, generatedSecrets];
      for (const answer of [...answers, certificate, kubeconfigText, kubeTarget, releaseInputs]) answer.forget();
    },
  };
  const stacks = {
    storage: deploymentStack("storage", installation, options.terraformRuns),
    cluster: deploymentStack("cluster", installation, options.terraformRuns),
  };
  return installation;
}

/** With the digests of frozen images that the lock file lacks. */
async function withDigests(installation: Installation, lock: HubLock): Promise<Pick<WantedLock, "lock" | "newImages">> {
  const found = await findFrozenDigests(installation, lock.images);
  const newImages = Object.keys(found);
  if (newImages.length === 0) return { lock };
  return { lock: { ...lock, images: { ...lock.images, ...found } }, newImages };
}

/** Resolves once what would otherwise be "the default today"; nothing is created and nothing written here. */
async function newLock(installation: Installation, hubctlVersion: string): Promise<HubLock> {
  const { aws, config } = installation;
  const caller = await installation.caller();
  const [installer, resolved] = await Promise.all([principalArn(aws, caller.arn), resolveVersions(aws, config)]);
  return {
    hubctl: hubctlVersion,
    deployment: config.name,
    id: randomBytes(8).toString("hex"),
    account: caller.account,
    region: config.aws.region,
    installer,
    ...resolved,
    charts: { ...testedVersions.charts, ...(config.hub.chartVersion && { jupyterhub: config.hub.chartVersion }) },
    defaults: presentDefaults(),
    provider: testedVersions.provider,
  };
}

/** Asks the state itself: Terraform's folder is a run's own only once it has the run lock. */
async function isClusterComplete(installation: Installation): Promise<boolean> {
  if (!(await installation.stateBucketReady())) return false;
  return readOutputs(clusterOutputsSchema, await readStateOutputs("cluster", installation)) !== undefined;
}

/** Undefined when the stack has not been applied to its end yet, so that outputs are missing. */
function readOutputs<Outputs>(schema: z.ZodType<Outputs>, outputs: Record<string, unknown>): Outputs | undefined {
  return schema.safeParse(outputs).data;
}

/** Never quotes what it reads. */
function parseGeneratedSecrets(text: string, arn: string): GeneratedSecrets {
  try {
    return generatedSecretsSchema.parse(JSON.parse(text));
  } catch {
    throw new UserError("GeneratedSecretsBroken", `the secret ${arn} does not hold what hubctl once wrote there`, {
      hint: "make its former version the current one again (aws secretsmanager list-secret-version-ids shows them); with other keys the hub could not read its database",
    });
  }
}
