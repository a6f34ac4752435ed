import type { KubeObject } from "../kube/client.ts";
import type { ControlPlane } from "../kube/types.ts";
import { coreDns, kubeProxy, metricsServer, podIdentityAgent, vpcCni } from "./addon-objects/networking.ts";
import { ebsCsiDriver, efsCsiDriver } from "./addon-objects/storage.ts";
import type { AddonContext } from "./addon-objects/workloads.ts";

/** An add-on of an EKS cluster; `configuration` is its parsed configurationValues. */
export interface Addon {
  name: string;
  version: string;
  configuration: unknown;
  serviceAccountRoleArn?: string;
}

export type Readiness = { ready: true } | { ready: false; reason: string };

type AddonBuilder = (version: string, context: AddonContext) => object[];

const builders: Readonly<Record<string, AddonBuilder>> = {
  "vpc-cni": vpcCni,
  "kube-proxy": kubeProxy,
  coredns: coreDns,
  "eks-pod-identity-agent": podIdentityAgent,
  "aws-ebs-csi-driver": ebsCsiDriver,
  "aws-efs-csi-driver": efsCsiDriver,
  "metrics-server": metricsServer,
};

export const addonNames: readonly string[] = Object.keys(builders);

/** The objects of an add-on, with the names, namespace, labels and service accounts that EKS gives them. */
export function addonObjects(
  name: string,
  version: string,
  configuration: unknown,
  context: Partial<Omit<AddonContext, "configuration">> = {},
): object[] {
  const builder = builders[name];
  if (builder === undefined) throw new Error(`the sandbox has no add-on ${name}`);
  const settings = { region: "us-east-2", cluster: "cluster", dnsAddress: "10.100.0.10", ...context };
  return builder(version, { ...settings, configuration: configuration ?? {} });
}

/** Creates or changes the objects of an add-on, as field manager "eks". */
export async function applyAddon(plane: ControlPlane, addon: Addon, region?: string): Promise<void> {
  for (const object of await objectsFor(plane, addon, region)) await plane.kube.apply(object, "eks");
}

export async function removeAddon(plane: ControlPlane, addon: Addon): Promise<void> {
  const objects = await objectsFor(plane, addon);
  for (const object of objects.reverse()) {
    await plane.kube.delete(await plane.kube.pathOf(object), { propagationPolicy: "Background" });
  }
}

/** Whether all pods that an add-on wants are there and ready. */
export async function addonReady(plane: ControlPlane, addon: Addon): Promise<Readiness> {
  for (const object of await objectsFor(plane, addon)) {
    if (object.kind !== "Deployment" && object.kind !== "DaemonSet") continue;
    const found = await plane.kube.get<Workload>(await plane.kube.pathOf(object));
    const problem = found === undefined ? "does not exist" : unreadiness(found);
    if (problem !== undefined) {
      return { ready: false, reason: `${object.kind.toLowerCase()} ${object.metadata.name} ${problem}` };
    }
  }
  return { ready: true };
}

interface Workload extends KubeObject {
  spec: { replicas?: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    availableReplicas?: number;
    updatedReplicas?: number;
    desiredNumberScheduled?: number;
    numberAvailable?: number;
    updatedNumberScheduled?: number;
  };
}

function unreadiness({ kind, metadata, spec, status }: Workload): string | undefined {
  if (status?.observedGeneration !== metadata.generation) return "has not been observed yet";
  const [wanted, updated, available] =
    kind === "Deployment"
      ? [spec.replicas ?? 1, status?.updatedReplicas ?? 0, status?.availableReplicas ?? 0]
      : [status?.desiredNumberScheduled ?? 0, status?.updatedNumberScheduled ?? 0, status?.numberAvailable ?? 0];
  if (updated >= wanted && available >= wanted) return undefined;
  return `has ${Math.min(updated, available)} of ${wanted} pods available`;
}

async function objectsFor(plane: ControlPlane, addon: Addon, region?: string): Promise<KubeObject[]> {
  const { name, version, configuration, serviceAccountRoleArn } = addon;
  const objects = addonObjects(name, version, configuration, {
    cluster: plane.cluster,
    dnsAddress: await findDnsAddress(plane),
    ...(region === undefined ? {} : { region }),
    ...(serviceAccountRoleArn === undefined ? {} : { serviceAccountRoleArn }),
  });
  return objects as KubeObject[];
}

/** The API server's own Service has the first address of the service network, kube-dns the tenth. */
async function findDnsAddress(plane: ControlPlane): Promise<string> {
  const service = await plane.kube.get<KubeObject & { spec: { clusterIP: string } }>(
    "/api/v1/namespaces/default/services/kubernetes",
  );
  if (service === undefined) throw new Error(`cluster ${plane.cluster} has no Service default/kubernetes yet`);
  return service.spec.clusterIP.replace(/\.\d+$/, (last) => `.${Number(last.slice(1)) + 9}`);
}
