import { setMaxListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { abortable } from "../aws/abortable.ts";
import type { AwsClients } from "../aws/clients.ts";
import { accessTo, describeCluster, hubctlToken, kubeconfigFor, kubeContext } from "../aws/cluster.ts";
import { readPause } from "../aws/pause.ts";
import { ToolError } from "../errors.ts";
import { createExec, type Exec, type RunningTools } from "../tools/exec.ts";
import { listCommand, parseReleaseList, type KubeTarget } from "../tools/helm.ts";
import { getCommand } from "../tools/kubectl.ts";
import { hub } from "../releases/hub.ts";
import { parseTlsSecret } from "../tools/tls-secret.ts";
import { checkAddons } from "./add-ons.ts";
import { checkBackups } from "./backups.ts";
import { checkCertificate } from "./certificate.ts";
import { checkCluster, foreignCluster } from "./cluster.ts";
import { checkConfiguration } from "./configuration.ts";
import { checkDomain } from "./domain.ts";
import { checkFillJobs } from "./fill-jobs.ts";
import { checkHubPods } from "./hub-pods.ts";
import { checkKarpenter } from "./karpenter.ts";
import { karpenterResources, kubeResources, parseKarpenterObjects, parseKubeObjects } from "./kube-objects.ts";
import { describeReason, layerNames, type Finding, type Health, type LayerHealth, type LayerName } from "./layer.ts";
import { checkLoadBalancer } from "./load-balancer.ts";
import { checkLogin } from "./login.ts";
import { checkNodes } from "./nodes.ts";
import { checkReleases } from "./releases.ts";
import { pausedFinding } from "./paused.ts";
import type { Scene } from "./scene.ts";
import { checkServers } from "./servers.ts";
import { checkState } from "./state.ts";
import { checkStorage } from "./storage.ts";

/** Undefined: the deployment has nothing of that kind. */
type Check = (scene: Scene) => Finding | undefined | Promise<Finding | undefined>;

const checks: Record<LayerName, Check> = {
  login: checkLogin,
  configuration: checkConfiguration,
  state: checkState,
  cluster: checkCluster,
  nodes: checkNodes,
  "add-ons": checkAddons,
  karpenter: checkKarpenter,
  releases: checkReleases,
  hub: checkHubPods,
  storage: checkStorage,
  "load-balancer": checkLoadBalancer,
  certificate: checkCertificate,
  dns: checkDomain,
  "fill-jobs": checkFillJobs,
  servers: checkServers,
  backups: checkBackups,
};

export interface HealthOptions extends Pick<Scene, "deployment" | "config" | "lock" | "files"> {
  aws: AwsClients;
  /** The argv prefix that runs this hubctl. */
  program: readonly [string, ...string[]];
  /** Ends the look before its time. */
  signal?: AbortSignal;
  deadlineSeconds?: number;
  /** Makes what runs kubectl and Helm. */
  createTools?: (running: RunningTools) => Exec;
  now?: () => Date;
}

/**
 * Looks at all layers at once; one that gives no answer in time is unknown and holds up no other. Changes nothing, and
 * leaves nothing running. UserError when there is no login to the deployment's account.
 */
export async function checkHealth(options: HealthOptions): Promise<Health> {
  const { deadlineSeconds = 10, createTools = createToolsFor, now = () => new Date() } = options;
  const late = new AbortController();
  // One for each call to AWS.
  setMaxListeners(0, late.signal);
  const timer = setTimeout(() => late.abort(), deadlineSeconds * 1000);
  const end = () => late.abort();
  options.signal?.addEventListener("abort", end, { once: true });
  const folder = await mkdtemp(join(tmpdir(), "hubctl-status-"));
  try {
    const exec = createTools(endingWith(late.signal));
    const scene = observe(options, { exec, folder, signal: late.signal, now: now() });
    const tooLate = aborted(late.signal);
    const noAnswer = `no answer within ${deadlineSeconds} s`;
    const checked = layerNames.map((layer) =>
      check(
        layer,
        scene,
        tooLate.then(() => unanswered(layer, noAnswer)),
      ),
    );
    const layers = (await Promise.all(checked)).filter((found) => found !== undefined);
    return { deployment: options.deployment.name, checked: scene.now.toISOString(), layers };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
    late.abort();
    await rm(folder, { recursive: true, force: true });
  }
}

function createToolsFor(running: RunningTools): Exec {
  return createExec({ running });
}

async function check(layer: LayerName, scene: Scene, late: Promise<Finding>): Promise<LayerHealth | undefined> {
  const looked = heard(Promise.resolve(scene).then(checks[layer]));
  const asked = pausedFinding(layer, scene).then((paused) => paused ?? looked);
  // Without the right login nothing else that was asked means anything: its error ends the look.
  const settled = layer === "login" ? asked : asked.catch((error: unknown) => unknownBecause(error));
  const found = await Promise.race([settled, late]);
  return found && { layer, ...found };
}

function unknownBecause(error: unknown): Finding {
  return { state: "unknown", finding: describeReason(error) };
}

function unanswered(layer: LayerName, finding: string): Finding {
  if (layer !== "login") return { state: "unknown", finding };
  // Not "unknown": whoever watches must hear of it when nothing can be seen.
  return { state: "problem", finding: `AWS gives ${finding}`, todo: "check the network connection to AWS" };
}

interface Means {
  exec: Exec;
  /** For a kubeconfig: the deployment's own is an install's to write, and this machine may have none. */
  folder: string;
  signal: AbortSignal;
  now: Date;
}

/** Starts at once what several layers need. */
function observe(options: HealthOptions, { exec, folder, signal, now }: Means): Scene {
  const { deployment, config, lock, files } = options;
  const aws = abortable(options.aws, signal);
  const cluster = describeCluster(aws, config.name);
  const ownCluster = cluster.then((found) => {
    if (!found) throw unreachable("there is no cluster");
    if (foreignCluster(found, lock.id)) throw unreachable("the cluster is not this deployment's");
    return found;
  });
  const target = ownCluster.then(async (found): Promise<KubeTarget> => {
    const access = accessTo(found, aws.region);
    if (!access) throw unreachable("the cluster has no endpoint yet");
    const kubeconfig = join(folder, "kubeconfig");
    const login = hubctlToken(options.program, access, config.aws);
    await writeFile(kubeconfig, stringify(kubeconfigFor(access, login)), { mode: 0o600 });
    return { kubeconfig, context: kubeContext(config.name) };
  });
  const get = async (resource: string) =>
    (await exec(getCommand(await target, { resource, allNamespaces: true }))).stdout;
  return {
    deployment,
    config,
    lock,
    files,
    aws,
    now,
    signal,
    // A bucket that can't be read is the state's matter, and no pause.
    pause: readPause(aws, { account: lock.account, deployment: config.name }).catch(() => undefined),
    cluster: heard(cluster),
    ownCluster: heard(ownCluster),
    objects: heard(get(kubeResources).then(parseKubeObjects)),
    karpenter: heard(get(karpenterResources).then(parseKarpenterObjects)),
    tlsSecret: async (name) => {
      const secret = { resource: "secret", name, namespace: hub.namespace };
      return parseTlsSecret((await exec(getCommand(await target, secret))).stdout);
    },
    releases: heard(target.then(async (place) => parseReleaseList((await exec(listCommand(place))).stdout))),
  };
}

function unreachable(why: string): ToolError {
  return new ToolError("ClusterUnreachable", why);
}

/** A layer may come to await it only after it has failed; until then nobody would hear of the failure. */
function heard<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Tools lead process groups of their own, which outlive hubctl unless they are ended. */
function endingWith(signal: AbortSignal): RunningTools {
  const pids = new Set<number>();
  const end = () => {
    for (const pid of pids) endGroup(pid);
  };
  signal.addEventListener("abort", end, { once: true });
  return {
    signal,
    track({ pid }) {
      pids.add(pid);
      return () => pids.delete(pid);
    },
  };
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
