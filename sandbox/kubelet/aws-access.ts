import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import type { Instance, _InstanceType } from "@aws-sdk/client-ec2";
import {
  DescribeAccessPointsCommand,
  DescribeFileSystemsCommand,
  DescribeMountTargetsCommand,
  EFSClient,
} from "@aws-sdk/client-efs";
import { GetInstanceProfileCommand, IAMClient } from "@aws-sdk/client-iam";
import type { Hardware, KubeletDependencies, NodeInstance } from "./dependencies.ts";
import { addInterface } from "./network-interfaces.ts";

export type AwsAccess = Pick<
  KubeletDependencies,
  "listInstances" | "addInterface" | "findMountProblem" | "accessPointRoot"
> & {
  close(): void;
};

export interface AwsAccessSettings {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  cluster: string;
}

/** What a cluster's nodes ask the simulated AWS, through its ordinary API. */
export function createAwsAccess(settings: AwsAccessSettings): AwsAccess {
  const { endpoint, region, credentials, cluster } = settings;
  const options = { endpoint, region, credentials };
  const ec2 = new EC2Client(options);
  const efs = new EFSClient(options);
  const iam = new IAMClient(options);
  const known = new Map<string, NodeInstance>();
  return {
    listInstances: async () => {
      const running = await listTagged(ec2, cluster);
      for (const id of known.keys()) if (!running.some(({ InstanceId }) => InstanceId === id)) known.delete(id);
      for (const instance of running) {
        const id = instance.InstanceId ?? "";
        // moto gives an instance its profile some time after it runs, so one without a role is looked at again.
        if (known.get(id)?.roleArn !== undefined) continue;
        known.set(id, await completeInstance({ ec2, iam }, instance));
      }
      return [...known.values()];
    },
    addInterface: (instance) => addInterface(ec2, cluster, instance),
    findMountProblem: (mount) => findMountProblem(efs, mount),
    accessPointRoot: async (AccessPointId) => {
      const { AccessPoints } = await efs.send(new DescribeAccessPointsCommand({ AccessPointId }));
      return AccessPoints?.[0]?.RootDirectory?.Path ?? "/";
    },
    close: () => {
      for (const client of [ec2, efs, iam]) client.destroy();
    },
  };
}

async function listTagged(ec2: EC2Client, cluster: string): Promise<Instance[]> {
  const keys = [`kubernetes.io/cluster/${cluster}`, "eks:cluster-name", "eks:eks-cluster-name"];
  const instances: Instance[] = [];
  let token: string | undefined;
  do {
    const answer = await ec2.send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: "instance-state-name", Values: ["running"] },
          { Name: "tag-key", Values: keys },
        ],
        ...(token === undefined ? {} : { NextToken: token }),
      }),
    );
    instances.push(...(answer.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []));
    token = answer.NextToken;
  } while (token !== undefined && token !== "");
  return instances;
}

async function completeInstance(
  clients: { ec2: EC2Client; iam: IAMClient },
  instance: Instance,
): Promise<NodeInstance> {
  const id = instance.InstanceId ?? "";
  const attribute = await clients.ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: "userData" }),
  );
  const subnets = await clients.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [instance.SubnetId ?? ""] }));
  const profile = instance.IamInstanceProfile?.Arn?.split("/").at(-1);
  return {
    id,
    type: instance.InstanceType ?? "",
    hardware: await findHardware(clients.ec2, instance.InstanceType),
    zone: instance.Placement?.AvailabilityZone ?? "",
    privateDns: instance.PrivateDnsName ?? "",
    privateIp: instance.PrivateIpAddress ?? "",
    vpcId: instance.VpcId ?? "",
    subnetId: instance.SubnetId ?? "",
    subnetCidr: subnets.Subnets?.[0]?.CidrBlock ?? "",
    roleArn: profile === undefined ? undefined : await findRole(clients.iam, profile),
    userData: Buffer.from(attribute.UserData?.Value ?? "", "base64").toString("utf8"),
    imageId: instance.ImageId ?? "",
  };
}

async function findHardware(ec2: EC2Client, type: _InstanceType | undefined): Promise<Hardware> {
  const answer = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: type === undefined ? [] : [type] }));
  const [found] = answer.InstanceTypes ?? [];
  const { NetworkInfo: network, GpuInfo: gpu } = found ?? {};
  const interfaces = network?.MaximumNetworkInterfaces ?? 3;
  const addresses = network?.Ipv4AddressesPerInterface ?? 10;
  return {
    cpus: found?.VCpuInfo?.DefaultVCpus ?? 2,
    memoryMib: found?.MemoryInfo?.SizeInMiB ?? 8192,
    arch: found?.ProcessorInfo?.SupportedArchitectures?.includes("arm64") === true ? "arm64" : "amd64",
    gpus: (gpu?.Gpus ?? []).reduce((sum, { Count }) => sum + (Count ?? 0), 0),
    // One address of each interface is the interface's own; pods in the host's network need none.
    maxPods: interfaces * (addresses - 1) + 2,
  };
}

async function findRole(iam: IAMClient, profile: string): Promise<string | undefined> {
  try {
    const answer = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: profile }));
    return answer.InstanceProfile?.Roles?.[0]?.Arn;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith("NoSuchEntity")) return undefined;
    throw error;
  }
}

/** What the mount helper of the EFS CSI driver would stumble over. */
async function findMountProblem(
  efs: EFSClient,
  mount: { fileSystemId: string; accessPointId: string | undefined; vpcId: string; zone: string },
): Promise<string | undefined> {
  const { fileSystemId, accessPointId, vpcId, zone } = mount;
  try {
    const systems = await efs.send(new DescribeFileSystemsCommand({ FileSystemId: fileSystemId }));
    const state = systems.FileSystems?.[0]?.LifeCycleState;
    if (state !== "available") return `file system ${fileSystemId} is ${state ?? "missing"}`;
    if (accessPointId !== undefined) {
      const points = await efs.send(new DescribeAccessPointsCommand({ AccessPointId: accessPointId }));
      const owner = points.AccessPoints?.[0]?.FileSystemId;
      if (owner !== fileSystemId) return `access point ${accessPointId} belongs to ${owner ?? "nothing"}`;
    }
    const targets = await efs.send(new DescribeMountTargetsCommand({ FileSystemId: fileSystemId }));
    const usable = (targets.MountTargets ?? []).some(
      (target) =>
        target.VpcId === vpcId && target.AvailabilityZoneName === zone && target.LifeCycleState === "available",
    );
    // The name of the file system resolves through the mount target in the client's own zone only.
    return usable
      ? undefined
      : `Failed to resolve "${fileSystemId}.efs.amazonaws.com" - no available mount target in zone ${zone} of ${vpcId}`;
  } catch (error) {
    if (error instanceof Error && /NotFound$/.test(error.name)) return `${error.name}: ${error.message}`;
    throw error;
  }
}
