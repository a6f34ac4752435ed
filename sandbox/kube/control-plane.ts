import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SandboxError } from "../errors.ts";
import { findFreePorts, findLastingPort } from "../ports.ts";
import { isTrueWithin } from "../processes.ts";
import type { ManagedChild, World } from "../world.ts";
import type { Principal } from "../aws/types.ts";
import { startAuthenticator, type ClusterUser } from "./authenticator.ts";
import { applyBootstrapObjects } from "./bootstrap.ts";
import { KubeClient } from "./client.ts";
import { writeCredentials, type Credentials } from "./credentials.ts";
import { startPodIdentityWebhook } from "./pod-identity-webhook.ts";
import { startApiServer, startControllerManager, startEtcd, startScheduler } from "./programs.ts";
import type { ControlPlane } from "./types.ts";

export interface ControlPlaneOptions {
  cluster: string;
  /** "1.36" */
  version: string;
  /** EKS takes 172.20.0.0/16 for a VPC in 10.0.0.0/8, else 10.100.0.0/16. */
  serviceCidr?: string;
  /** The cluster's OpenID Connect issuer. */
  issuer: string;
  /** Checks an EKS login token's signature; throws if it is not valid. */
  verifyPresigned(url: string, signedHeaders: Readonly<Record<string, string>>): Principal;
  /** Who an AWS principal is on this cluster; undefined for nobody. */
  identityFor(principal: Principal): ClusterUser | undefined | Promise<ClusterUser | undefined>;
  podIdentityRole(namespace: string, serviceAccount: string): string | undefined;
  onLoginRefused?(reason: string): void;
}

const builtMinor = 36;
const oldestMinor = 33;
const readyMilliseconds = 60_000;
const attempts = 3;

/**
 * Starts etcd, API server, controller manager and scheduler of one EKS cluster; resolves when logins work. A cluster
 * that was stopped goes on with its data, under its endpoint, and with a higher version if asked.
 */
export async function startControlPlane(world: World, options: ControlPlaneOptions): Promise<ControlPlane> {
  const emulated = emulatedVersion(options.version);
  const authenticator = await startAuthenticator({
    cluster: options.cluster,
    region: world.region,
    verifyPresigned: (url, headers) => options.verifyPresigned(url, headers),
    identityFor: (principal) => options.identityFor(principal),
    onRefusal: (reason) => options.onLoginRefused?.(reason),
  });
  const folder = controlPlaneFolder(world, options.cluster);
  const stopping: (() => Promise<void>)[] = [() => authenticator.stop()];
  try {
    const core = await startCore(world, { ...options, folder, loginWebhookUrl: authenticator.url, emulated });
    stopping.unshift(() => core.stop());
    const { kube, credentials } = core;
    await applyBootstrapObjects(kube);
    const webhook = await startPodIdentityWebhook({
      kube,
      authority: credentials.authority,
      region: world.region,
      podIdentityRole: (namespace, serviceAccount) => options.podIdentityRole(namespace, serviceAccount),
    });
    stopping.push(() => webhook.stop());
    return {
      cluster: options.cluster,
      endpoint: core.endpoint,
      certificateAuthority: Buffer.from(credentials.authority.certificate).toString("base64"),
      adminKubeconfig: credentials.kubeconfigs.admin,
      kube,
      stop: () => stopInOrder(stopping),
    };
  } catch (error) {
    await stopInOrder(stopping);
    throw error;
  }
}

/** Removes the data of a control plane that was stopped; until then, starting it again goes on with them. */
export function discardControlPlane(world: World, cluster: string): void {
  rmSync(controlPlaneFolder(world, cluster), { recursive: true, force: true });
}

function controlPlaneFolder(world: World, cluster: string): string {
  return join(world.dir, "clusters", cluster, "control-plane");
}

async function stopInOrder(stopping: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of stopping) await stop();
}

/** Undefined for the version that was built; an error for one that it can't behave as. */
function emulatedVersion(version: string): string | undefined {
  const minor = Number(/^1\.(\d+)$/.exec(version)?.[1]);
  if (minor === builtMinor) return undefined;
  if (minor >= oldestMinor && minor < builtMinor) return version;
  throw new SandboxError(
    `Kubernetes ${version} is not among 1.${oldestMinor} to 1.${builtMinor}, which the sandbox runs`,
  );
}

interface CoreOptions extends ControlPlaneOptions {
  folder: string;
  loginWebhookUrl: string;
  emulated: string | undefined;
}

interface Core {
  endpoint: string;
  kube: KubeClient;
  credentials: Credentials;
  stop(): Promise<void>;
}

/** Tried again when a port was taken between being found free and being listened on. */
async function startCore(world: World, options: CoreOptions): Promise<Core> {
  const isNew = !existsSync(options.folder);
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryCore(world, options);
    } catch (error) {
      if (attempt === attempts) throw error;
      if (isNew) rmSync(options.folder, { recursive: true, force: true });
    }
  }
}

/** The endpoint of a cluster never changes, so its port is kept with its data. */
async function choosePorts(folder: string): Promise<{ api: number; etcd: number; peer: number }> {
  const file = join(folder, "port");
  const [etcd = 0, peer = 0] = await findFreePorts(2);
  const api = existsSync(file) ? Number(readFileSync(file, "utf8")) : await findLastingPort();
  writeFileSync(file, String(api));
  return { api, etcd, peer };
}

async function tryCore(world: World, options: CoreOptions): Promise<Core> {
  const { cluster, folder } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ports = await choosePorts(folder);
  const endpoint = `https://127.0.0.1:${ports.api}`;
  const serviceCidr = options.serviceCidr ?? "172.20.0.0/16";
  const credentials = writeCredentials({
    folder: join(folder, "pki"),
    cluster,
    endpoint,
    serviceAddress: serviceCidr.replace(/0\/\d+$/, "1"),
    loginWebhookUrl: options.loginWebhookUrl,
  });
  const { issuer, emulated } = options;
  const programs = { cluster, folder, credentials, ports, serviceCidr, issuer, emulated };
  const etcd = startEtcd(world, programs);
  const children = [etcd];
  const kube = new KubeClient({
    server: endpoint,
    ca: credentials.authority.certificate,
    cert: credentials.admin.certificate,
    key: credentials.admin.key,
  });
  try {
    const apiServer = startApiServer(world, programs);
    children.unshift(apiServer);
    await waitUntilReady(kube, [apiServer, etcd]);
    children.unshift(startControllerManager(world, programs), startScheduler(world, programs));
  } catch (error) {
    kube.close();
    await stopInOrder(children.map((child) => () => child.stop()));
    throw error;
  }
  return {
    endpoint,
    kube,
    credentials,
    stop: async () => {
      kube.close();
      // API server before etcd: the other way round it waits for a database that does not come back.
      await stopInOrder(children.map((child) => () => child.stop()));
    },
  };
}

async function waitUntilReady(kube: KubeClient, children: readonly ManagedChild[]): Promise<void> {
  let ended: string | undefined;
  for (const child of children) {
    void child.exited.then(({ code, signal }) => {
      ended ??= `${child.name} ended with ${signal ?? code ?? "nothing"}; its log is ${child.logFile}`;
    });
  }
  const isReady = await isTrueWithin(
    readyMilliseconds,
    async () => ended !== undefined || (await answersReady(kube)),
    100,
  );
  if (ended !== undefined) throw new SandboxError(ended);
  if (!isReady) throw new SandboxError(`the API server ${kube.server} was not ready within a minute`);
}

async function answersReady(kube: KubeClient): Promise<boolean> {
  try {
    return (await kube.text("/readyz")) === "ok";
  } catch {
    return false;
  }
}
