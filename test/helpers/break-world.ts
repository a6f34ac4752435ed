import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  CreateVpcEndpointCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
} from "@aws-sdk/client-ec2";
import {
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  ListNodegroupsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-eks";
import { CreateLoadBalancerCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { runningProcesses } from "../../sandbox/process-record.ts";
import { signalGroup } from "../../sandbox/processes.ts";
import { clientsFor } from "./aws-clients.ts";
import { eventually } from "./eventually.ts";
import { deployment, type InstalledWorld } from "./installed-world.ts";
import { projectRoot } from "./sandbox.ts";

const run = promisify(execFile);

export async function kubectl({ cwd, env }: InstalledWorld, ...args: string[]): Promise<string> {
  const kubeconfig = join(cwd, ".hubctl", deployment, "kubeconfig");
  return (await run("kubectl", [...args, "--kubeconfig", kubeconfig], { cwd, env })).stdout;
}

export async function applyObject(world: InstalledWorld, object: object): Promise<void> {
  const manifest = join(world.cwd, "object.json");
  await writeFile(manifest, JSON.stringify(object));
  await kubectl(world, "apply", "-f", manifest);
}

/** A user's server, which makes Karpenter start a machine; gives the machine's node. */
export async function startServer(world: InstalledWorld, user: string): Promise<void> {
  const name = `jupyter-${user}`;
  await applyObject(world, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "jupyterhub", labels: { component: "singleuser-server" } },
    spec: {
      nodeSelector: { "hub.jupyter.org/node-purpose": "user" },
      tolerations: [{ key: "hub.jupyter.org/dedicated", operator: "Equal", value: "user", effect: "NoSchedule" }],
      containers: [{ name: "notebook", image: "jupyter", resources: { requests: { cpu: "1", memory: "2Gi" } } }],
    },
  });
  await kubectl(world, "wait", `pod/${name}`, "-n", "jupyterhub", "--for=condition=Ready", "--timeout=240s");
}

/** The API server and what it needs die; AWS still says that the cluster is active. */
export function killControlPlane(world: InstalledWorld): void {
  const dead = runningProcesses(join(projectRoot, ".sandbox", world.name)).filter(({ name }) =>
    /-(apiserver|etcd)$/.test(name),
  );
  if (dead.length < 2) throw new Error(`expected an API server and etcd, but found ${JSON.stringify(dead)}`);
  for (const { pid } of dead) signalGroup(pid, "SIGKILL");
}

/** As a button in the console does it: node groups and cluster, and nothing of what is in them. */
export async function deleteCluster({ env }: InstalledWorld): Promise<void> {
  const { eks } = clientsFor(env);
  const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName: deployment }));
  for (const nodegroupName of nodegroups) {
    await eks.send(new DeleteNodegroupCommand({ clusterName: deployment, nodegroupName }));
  }
  await eventually("the node groups to be gone", async () => {
    return (await eks.send(new ListNodegroupsCommand({ clusterName: deployment }))).nodegroups?.length === 0;
  });
  await eks.send(new DeleteClusterCommand({ name: deployment }));
  await eventually("the cluster to be gone", async () => {
    try {
      await eks.send(new DescribeClusterCommand({ name: deployment }));
      return false;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return true;
      throw error;
    }
  });
}

export interface OwnNetwork {
  vpc: string;
  subnets: string[];
  /** A security group of Terraform's. */
  group: string;
}

export async function findOwnNetwork({ env }: InstalledWorld): Promise<OwnNetwork> {
  const { ec2 } = clientsFor(env);
  const own = { Name: "tag:hubctl:deployment", Values: [deployment] };
  const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ Filters: [own] }));
  const vpc = Vpcs?.[0]?.VpcId ?? "";
  const inside = { Name: "vpc-id", Values: [vpc] };
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: [inside] }));
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters: [inside, own] }));
  return { vpc, subnets: Subnets.map(({ SubnetId }) => SubnetId!), group: SecurityGroups[0]?.GroupId ?? "" };
}

/**
 * What GuardDuty's runtime monitoring puts into the VPC of a cluster:
 * https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring-configuration.html
 */
export async function plantGuardDuty({ env }: InstalledWorld, { vpc, subnets }: OwnNetwork): Promise<string[]> {
  const { ec2 } = clientsFor(env);
  const tags = [{ Key: "GuardDutyManaged", Value: "true" }];
  const { GroupId = "" } = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: `GuardDutyManagedSecurityGroup-${vpc}`,
      Description: "Associated with VPC-Endpoint: GuardDuty",
      VpcId: vpc,
      TagSpecifications: [{ ResourceType: "security-group", Tags: tags }],
    }),
  );
  const { VpcEndpoint } = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId: vpc,
      VpcEndpointType: "Interface",
      ServiceName: `com.amazonaws.${env["AWS_REGION"] ?? ""}.guardduty-data`,
      SubnetIds: subnets.slice(0, 2),
      SecurityGroupIds: [GroupId],
      TagSpecifications: [{ ResourceType: "vpc-endpoint", Tags: tags }],
    }),
  );
  return [GroupId, VpcEndpoint?.VpcEndpointId ?? ""];
}

/** A group that somebody made by hand, and rules in it and in one of ours that name each other. */
export async function plantGroup({ env }: InstalledWorld, { vpc, group }: OwnNetwork): Promise<string> {
  const { ec2 } = clientsFor(env);
  const { GroupId = "" } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "debugging", Description: "by hand", VpcId: vpc }),
  );
  for (const [one, other] of [
    [GroupId, group],
    [group, GroupId],
  ] as const) {
    const rule = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, UserIdGroupPairs: [{ GroupId: other }] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: one, IpPermissions: [rule] }));
  }
  return GroupId;
}

/** An interface that nothing uses. */
export async function plantInterface({ env }: InstalledWorld, { subnets, group }: OwnNetwork): Promise<string> {
  const { NetworkInterface } = await clientsFor(env).ec2.send(
    new CreateNetworkInterfaceCommand({ SubnetId: subnets[0], Groups: [group], Description: "left by a tool" }),
  );
  return NetworkInterface?.NetworkInterfaceId ?? "";
}

/** A disk that the cluster's driver made and nobody claims any more, with the tags of the deployment. */
export async function plantVolume({ env }: InstalledWorld, id: string): Promise<string> {
  const tags = { "hubctl:id": id, "hubctl:deployment": deployment, "ebs.csi.aws.com/cluster": "true" };
  const { VolumeId = "" } = await clientsFor(env).ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: `${env["AWS_REGION"] ?? ""}a`,
      Size: 10,
      TagSpecifications: [
        { ResourceType: "volume", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
      ],
    }),
  );
  return VolumeId;
}

/** A balancer in our subnets: of another Service of the cluster with its tag, of somebody else without. */
export async function plantBalancer(
  { env }: InstalledWorld,
  { subnets }: OwnNetwork,
  { name, tags = {} }: { name: string; tags?: Record<string, string> },
): Promise<string> {
  const { LoadBalancers } = await clientsFor(env).elb.send(
    new CreateLoadBalancerCommand({
      Name: name,
      Type: "network",
      Scheme: "internal",
      Subnets: subnets.slice(0, 1),
      ...(Object.keys(tags).length > 0 && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    }),
  );
  return LoadBalancers?.[0]?.LoadBalancerArn ?? "";
}
