import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SandboxError } from "../errors.ts";
import { findFreePorts } from "../ports.ts";
import { isTrueWithin } from "../processes.ts";
import type { ManagedChild, World } from "../world.ts";
import type { Principal } from "../aws/types.ts";
import { startAuthenticator, type ClusterUser } from "./authenticator.ts";
import { applyBootstrapObjects } from "./bootstrap.ts";
import { KubeClient } from "./client.ts";
import { writeCredentials, type Credentials } from "./credentials.ts";
import { startPodIdentityWebhook } from "./pod-identity-webhook.ts";
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
  const [free = 0, etcd = 0, peer = 0] = await findFreePorts(3);
  const api = existsSync(file) ? Number(readFileSync(file, "utf8")) : free;
  writeFileSync(file, String(api));
  return { api, etcd, peer };
}

async function tryCore(world: World, options: CoreOptions): Promise<Core> {
  const { cluster, folder } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { api: apiPort, etcd: etcdPort, peer: peerPort } = await choosePorts(folder);
  const endpoint = `https://127.0.0.1:${apiPort}`;
  const serviceCidr = options.serviceCidr ?? "172.20.0.0/16";
  const credentials = writeCredentials({
    folder: join(folder, "pki"),
    cluster,
    endpoint,
    serviceAddress: serviceCidr.replace(/0\/\d+$/, "1"),
    loginWebhookUrl: options.loginWebhookUrl,
  });
  const etcd = startEtcd(world, { cluster, folder, credentials, etcdPort, peerPort });
  const children = [etcd];
  const kube = new KubeClient({
    server: endpoint,
    ca: credentials.authority.certificate,
    cert: credentials.admin.certificate,
    key: credentials.admin.key,
  });
  try {
    const apiServer = startApiServer(world, { ...options, serviceCidr, credentials, apiPort, etcdPort });
    children.unshift(apiServer);
    await waitUntilReady(kube, [apiServer, etcd]);
    children.unshift(startControllerManager(world, options, credentials), startScheduler(world, options, credentials));
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

interface EtcdOptions {
  cluster: string;
  folder: string;
  credentials: Credentials;
  etcdPort: number;
  peerPort: number;
}

function startEtcd(world: World, { cluster, folder, credentials: { files }, etcdPort, peerPort }: EtcdOptions) {
  return world.spawn(`${cluster}-etcd`, world.binaries.etcd, [
    `--data-dir=${join(folder, "etcd")}`,
    "--unsafe-no-fsync",
    `--listen-client-urls=https://127.0.0.1:${etcdPort}`,
    `--advertise-client-urls=https://127.0.0.1:${etcdPort}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    `--trusted-ca-file=${files.etcdAuthority}`,
    `--cert-file=${files.etcdServer}`,
    `--key-file=${files.etcdServerKey}`,
    "--client-cert-auth",
    "--log-level=warn",
  ]);
}

interface ApiServerOptions extends CoreOptions {
  serviceCidr: string;
  credentials: Credentials;
  apiPort: number;
  etcdPort: number;
}

function startApiServer(world: World, options: ApiServerOptions) {
  const { files } = options.credentials;
  return world.spawn(`${options.cluster}-apiserver`, world.binaries.kubeApiserver, [
    `--etcd-servers=https://127.0.0.1:${options.etcdPort}`,
    `--etcd-cafile=${files.etcdAuthority}`,
    `--etcd-certfile=${files.etcdClient}`,
    `--etcd-keyfile=${files.etcdClientKey}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${options.apiPort}`,
    // Loopback is not allowed as the address of an Endpoints object; pods learn the address from their environment.
    "--advertise-address=127.0.0.1",
    "--endpoint-reconciler-type=none",
    `--service-cluster-ip-range=${options.serviceCidr}`,
    `--tls-cert-file=${files.server}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.authority}`,
    `--requestheader-client-ca-file=${files.frontProxyAuthority}`,
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    `--proxy-client-cert-file=${files.frontProxyClient}`,
    `--proxy-client-key-file=${files.frontProxyClientKey}`,
    `--service-account-issuer=${options.issuer}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--service-account-key-file=${files.serviceAccountKey}`,
    // Pods on EKS ask for these audiences, and tokens without one are for the API server.
    "--api-audiences=https://kubernetes.default.svc",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged=true",
    `--authentication-token-webhook-config-file=${files.loginWebhook}`,
    "--authentication-token-webhook-version=v1",
    "--authentication-token-webhook-cache-ttl=10s",
    "--profiling=false",
    ...emulationFlags(options),
  ]);
}

function startControllerManager(world: World, options: CoreOptions, credentials: Credentials): ManagedChild {
  const { files, kubeconfigs } = credentials;
  return world.spawn(`${options.cluster}-controller-manager`, world.binaries.kubeControllerManager, [
    `--kubeconfig=${kubeconfigs.controllerManager}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--use-service-account-credentials",
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.authority}`,
    `--cluster-signing-cert-file=${files.authority}`,
    `--cluster-signing-key-file=${files.authorityKey}`,
    // These are the AWS service controller's business, or nobody's on EKS.
    "--controllers=*,-nodeipam,-node-route-controller,-cloud-node-lifecycle-controller,-service-lb-controller",
    "--profiling=false",
    ...emulationFlags(options),
  ]);
}

function startScheduler(world: World, options: CoreOptions, credentials: Credentials): ManagedChild {
  return world.spawn(`${options.cluster}-scheduler`, world.binaries.kubeScheduler, [
    `--kubeconfig=${credentials.kubeconfigs.scheduler}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--profiling=false",
    ...emulationFlags(options),
  ]);
}

function emulationFlags({ emulated }: CoreOptions): string[] {
  return emulated === undefined ? [] : [`--emulated-version=${emulated}`];
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
