import { join } from "node:path";
import type { ManagedChild, World } from "../world.ts";
import type { Credentials } from "./credentials.ts";

/** What the programs of one control plane are started with. */
export interface ProgramOptions {
  cluster: string;
  folder: string;
  credentials: Credentials;
  ports: { api: number; etcd: number; peer: number };
  serviceCidr: string;
  /** The cluster's OpenID Connect issuer. */
  issuer: string;
  /** An older version to behave as; undefined for the one that was built. */
  emulated: string | undefined;
}

export function startEtcd(
  world: World,
  { cluster, folder, credentials: { files }, ports }: ProgramOptions,
): ManagedChild {
  return world.spawn(`${cluster}-etcd`, world.binaries.etcd, [
    `--data-dir=${join(folder, "etcd")}`,
    "--unsafe-no-fsync",
    `--listen-client-urls=https://127.0.0.1:${ports.etcd}`,
    `--advertise-client-urls=https://127.0.0.1:${ports.etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${ports.peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${ports.peer}`,
    `--initial-cluster=default=http://127.0.0.1:${ports.peer}`,
    `--trusted-ca-file=${files.etcdAuthority}`,
    `--cert-file=${files.etcdServer}`,
    `--key-file=${files.etcdServerKey}`,
    "--client-cert-auth",
    "--log-level=warn",
  ]);
}

export function startApiServer(world: World, options: ProgramOptions): ManagedChild {
  const { ports } = options;
  const { files } = options.credentials;
  return world.spawn(`${options.cluster}-apiserver`, world.binaries.kubeApiserver, [
    `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
    `--etcd-cafile=${files.etcdAuthority}`,
    `--etcd-certfile=${files.etcdClient}`,
    `--etcd-keyfile=${files.etcdClientKey}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.api}`,
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

export function startControllerManager(world: World, options: ProgramOptions): ManagedChild {
  const { files, kubeconfigs } = options.credentials;
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

export function startScheduler(world: World, options: ProgramOptions): ManagedChild {
  return world.spawn(`${options.cluster}-scheduler`, world.binaries.kubeScheduler, [
    `--kubeconfig=${options.credentials.kubeconfigs.scheduler}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--profiling=false",
    ...emulationFlags(options),
  ]);
}

function emulationFlags({ emulated }: ProgramOptions): string[] {
  return emulated === undefined ? [] : [`--emulated-version=${emulated}`];
}
