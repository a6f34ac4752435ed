import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { ClusterSpec, DataPlane } from "./aws/eks/dependencies.ts";
import type { EksService } from "./aws/eks/index.ts";
import { kubeletVersionOf } from "./aws/eks/versions.ts";
import type { Front } from "./aws/front.ts";
import { addonReady, applyAddon, removeAddon, startEksSide } from "./eks-side/index.ts";
import { discardControlPlane, startControlPlane } from "./kube/control-plane.ts";
import type { ControlPlane } from "./kube/types.ts";
import {
  createAwsAccess,
  startKubelet,
  type Kubelet,
  type KubeletDependencies,
  type NodeInstance,
} from "./kubelet/index.ts";
import type { World } from "./world.ts";

export interface DataPlaneOptions {
  world: World;
  front: Front;
  /** Asked late: the EKS simulation and its clusters need each other. */
  eks: () => EksService;
  /** Told of all clusters that run whenever one starts or stops. */
  onChange: (running: RunningCluster[]) => void;
  log: (line: string) => void;
}

export interface RunningCluster {
  name: string;
  version: string;
  endpoint: string;
  kubeconfig: string;
}

/** Keys that the sandbox gives its own long-lived programs; longer than any sandbox is kept. */
const programKeySeconds = 30 * 24 * 60 * 60;
const podKeySeconds = 6 * 60 * 60;

/** Clusters whose pods can be waited for. */
export interface SandboxDataPlane extends DataPlane {
  /** Waits until the pods of a cluster that goes on from its data are up again; false if some are not in time. */
  takeOverPods(cluster: string): Promise<boolean>;
}

/** What the simulated EKS makes its clusters of: control plane, AWS' controllers beside it, and nodes. */
export function createDataPlane(options: DataPlaneOptions): SandboxDataPlane {
  const { world } = options;
  const running = new Map<string, RunningCluster>();
  const kubelets = new Map<string, Kubelet>();
  const tell = () => options.onChange([...running.values()]);
  return {
    startControlPlane: async (spec) => {
      const { plane, kubelet } = await startCluster(options, spec);
      const { endpoint, adminKubeconfig: kubeconfig } = plane;
      running.set(spec.name, { name: spec.name, version: spec.version, endpoint, kubeconfig });
      kubelets.set(spec.name, kubelet);
      tell();
      const stop = async () => {
        await plane.stop();
        running.delete(spec.name);
        tell();
      };
      return { ...plane, stop };
    },
    discardControlPlane: (cluster) => {
      discardControlPlane(world, cluster);
      return Promise.resolve();
    },
    takeOverPods: async (cluster) => (await kubelets.get(cluster)?.takeOver()) ?? false,
    applyAddon: (plane, addon) => applyAddon(plane, addon, world.region),
    removeAddon: (plane, addon) => removeAddon(plane, addon),
    addonReady: (plane, addon) => addonReady(plane, addon),
  };
}

async function startCluster(
  options: DataPlaneOptions,
  spec: ClusterSpec,
): Promise<{ plane: ControlPlane; kubelet: Kubelet }> {
  const { world, front } = options;
  const { name: cluster } = spec;
  const plane = await startControlPlane(world, {
    cluster,
    version: spec.version,
    serviceCidr: spec.serviceIpv4Cidr,
    issuer: spec.issuer,
    verifyPresigned: (url, signedHeaders) => front.identities.verifyPresigned(url, signedHeaders),
    identityFor: (principal) => options.eks().identityFor(cluster, principal),
    podIdentityRole: (namespace, serviceAccount) => options.eks().podIdentityRole(cluster, namespace, serviceAccount),
    onLoginRefused: (reason) => options.log(`${cluster}: login refused: ${reason}`),
  });
  const stopping = [() => plane.stop()];
  const stop = async () => {
    for (const step of stopping.splice(0)) await step();
  };
  try {
    const eksSide = await startEksSide(world, plane, {
      cluster,
      vpcId: spec.vpcId,
      subnetIds: spec.subnetIds,
      zone: await zoneOf(options, spec.subnetIds[0] ?? ""),
      credentials: front.identities.assumeRole(clusterRole(options, cluster), "AmazonEKS", programKeySeconds),
    });
    stopping.unshift(() => eksSide.stop());
    const nodes = nodeDependencies(options, cluster);
    stopping.unshift(() => {
      nodes.close();
      return Promise.resolve();
    });
    const kubelet = await startKubelet(world, plane, nodes.dependencies);
    stopping.unshift(() => kubelet.stop());
    return { plane: { ...plane, stop }, kubelet };
  } catch (error) {
    await stop();
    throw error;
  }
}

function clusterRole({ eks }: DataPlaneOptions, cluster: string): string {
  const shape = eks()
    .clusters()
    .find(({ name }) => name === cluster);
  if (shape === undefined) throw new Error(`EKS knows no cluster ${cluster}`);
  return shape.roleArn;
}

async function zoneOf({ world, front }: DataPlaneOptions, subnetId: string): Promise<string> {
  const ec2 = new EC2Client({ endpoint: world.endpoint, region: world.region, credentials: front.internal });
  try {
    const answer = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
    return answer.Subnets?.[0]?.AvailabilityZone ?? "";
  } finally {
    ec2.destroy();
  }
}

function nodeDependencies(
  options: DataPlaneOptions,
  cluster: string,
): { dependencies: KubeletDependencies; close(): void } {
  const { world, front } = options;
  const aws = createAwsAccess({
    endpoint: world.endpoint,
    region: world.region,
    credentials: front.internal,
    cluster,
  });
  let admitted = new Set<string>();
  return {
    dependencies: {
      listInstances: async () => {
        const instances = await aws.listInstances();
        admitted = await admittedRoles(options, cluster, instances);
        return instances;
      },
      addInterface: (instance) => aws.addInterface(instance),
      mayJoin: (roleArn) => admitted.has(roleArn),
      kubeletVersion: kubeletVersionOf,
      findMountProblem: (mount) => aws.findMountProblem(mount),
      accessPointRoot: (accessPointId) => aws.accessPointRoot(accessPointId),
      podIdentityCredentials: (namespace, serviceAccount) =>
        Promise.resolve(podCredentials(options, cluster, namespace, serviceAccount)),
      log: (line) => options.log(`${cluster}: ${line}`),
    },
    close: () => aws.close(),
  };
}

/** The nodes' roles that the cluster takes for nodes, by access entry or aws-auth: what their first login would tell. */
async function admittedRoles(
  { eks, world }: DataPlaneOptions,
  cluster: string,
  instances: readonly NodeInstance[],
): Promise<Set<string>> {
  const admitted = new Set<string>();
  const exampleOf = new Map(instances.map(({ roleArn, id }) => [roleArn, id]));
  for (const [roleArn, instanceId] of exampleOf) {
    if (roleArn === undefined) continue;
    const role = roleArn.split("/").at(-1) ?? "";
    const identity = await eks().identityFor(cluster, {
      account: world.account,
      arn: `arn:aws:sts::${world.account}:assumed-role/${role}/${instanceId}`,
      userId: `${role}:${instanceId}`,
    });
    if (identity?.groups.includes("system:nodes") === true) admitted.add(roleArn);
  }
  return admitted;
}

function podCredentials(
  { eks, front, world }: DataPlaneOptions,
  cluster: string,
  namespace: string,
  serviceAccount: string,
): Awaited<ReturnType<KubeletDependencies["podIdentityCredentials"]>> {
  const roleArn = eks().podIdentityRole(cluster, namespace, serviceAccount);
  if (roleArn === undefined) return undefined;
  const session = front.identities.assumeRole(roleArn, `eks-${cluster}-${serviceAccount}`.slice(0, 64), podKeySeconds);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = session;
  if (sessionToken === undefined || expiration === undefined)
    throw new Error(`${roleArn} gave a key without a session`);
  return { accessKeyId, secretAccessKey, sessionToken, expiration, accountId: world.account };
}
