import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  CreatePodIdentityAssociationCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
} from "@aws-sdk/client-eks";
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import type { EksService } from "../../sandbox/aws/eks/index.ts";
import { findBinaries } from "../../sandbox/binaries/index.ts";
import type { KubeClient } from "../../sandbox/kube/client.ts";
import type { ControlPlane } from "../../sandbox/kube/types.ts";
import { startSimulation } from "../../sandbox/simulation.ts";
import { createWorld } from "../../sandbox/world.ts";
import type { World } from "../../sandbox/world.ts";
import { eventually } from "./eventually.ts";

/** A cluster of the sandbox with nodes, run by the test's own process. */
export interface SandboxCluster {
  world: World;
  plane: ControlPlane;
  kube: KubeClient;
  name: string;
  vpcId: string;
  subnetIds: string[];
  securityGroupId: string;
  clientOptions: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  ec2: EC2Client;
  eks: EKSClient;
  iam: IAMClient;
  log: string[];
  /** Access keys of a user or of a role's session. */
  issueKeys(arn: string): { accessKeyId: string; secretAccessKey: string };
  createRole(name: string, service: string, policies?: string[]): Promise<string>;
  addAddon(addonName: string, role?: { arn: string; serviceAccount: string }): Promise<void>;
  waitForAddon(addonName: string): Promise<void>;
  addNodes(options: { name: string; count: number; labels?: Record<string, string> }): Promise<void>;
  associate(namespace: string, serviceAccount: string, roleArn: string): Promise<void>;
  stop(): Promise<void>;
}

interface ClusterSettings {
  authenticationMode?: "API" | "API_AND_CONFIG_MAP" | "CONFIG_MAP";
  /** Milliseconds until changed access holds. */
  propagation?: number;
}

export async function startSandboxCluster(
  name: string,
  { authenticationMode = "API_AND_CONFIG_MAP", propagation = 0 }: ClusterSettings = {},
): Promise<SandboxCluster> {
  const binaries = await findBinaries(() => undefined);
  const dir = mkdtempSync(join(tmpdir(), "hubctl-nodes-"));
  const world = createWorld({ name: "test", dir, binaries });
  const stopping: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of stopping.splice(0)) await step();
  };
  try {
    const log: string[] = [];
    const {
      front,
      eks,
      stop: stopSimulation,
    } = await startSimulation(world, {
      log: (line) => log.push(line),
      delays: { clusterCreate: 10, addonCreate: 10, poll: 100, propagation },
    });
    stopping.unshift(stopSimulation);
    const operator = front.identities.issue({
      account: world.account,
      arn: `arn:aws:iam::${world.account}:user/operator`,
    });
    const issueKeys = (arn: string) => front.identities.issue({ account: world.account, arn });
    return await createCluster({
      ...{ world, service: eks, name, credentials: operator, log, stop },
      ...{ authenticationMode, issueKeys },
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Setup {
  world: World;
  service: EksService;
  name: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  log: string[];
  stop: () => Promise<void>;
  authenticationMode: NonNullable<ClusterSettings["authenticationMode"]>;
  issueKeys: SandboxCluster["issueKeys"];
}

async function createCluster({
  world,
  service,
  name,
  credentials,
  log,
  stop,
  ...setup
}: Setup): Promise<SandboxCluster> {
  const clientOptions = { endpoint: world.endpoint, region: world.region, credentials };
  const ec2 = new EC2Client(clientOptions);
  const eks = new EKSClient(clientOptions);
  const iam = new IAMClient(clientOptions);
  const createRole = async (roleName: string, principal: string, policies: string[] = []): Promise<string> => {
    const statement = {
      Effect: "Allow",
      Principal: { Service: principal },
      Action: ["sts:AssumeRole", "sts:TagSession"],
    };
    const answer = await iam.send(
      new CreateRoleCommand({
        RoleName: roleName,
        AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
      }),
    );
    for (const policy of policies) {
      await iam.send(
        new AttachRolePolicyCommand({ RoleName: roleName, PolicyArn: `arn:aws:iam::aws:policy/${policy}` }),
      );
    }
    return answer.Role!.Arn!;
  };
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.42.0.0/16" }));
  const vpcId = vpc.Vpc!.VpcId!;
  const { InternetGateway: gateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  await ec2.send(
    new AttachInternetGatewayCommand({ VpcId: vpcId, InternetGatewayId: gateway?.InternetGatewayId ?? "" }),
  );
  const subnetIds: string[] = [];
  for (const [index, zone] of ["a", "b"].entries()) {
    const answer = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpcId,
        CidrBlock: `10.42.${index}.0/24`,
        AvailabilityZone: `${world.region}${zone}`,
      }),
    );
    subnetIds.push(answer.Subnet!.SubnetId!);
  }
  await ec2.send(
    new CreateTagsCommand({
      Resources: subnetIds,
      Tags: [
        { Key: `kubernetes.io/cluster/${name}`, Value: "shared" },
        { Key: "kubernetes.io/role/elb", Value: "1" },
      ],
    }),
  );
  const roleArn = await createRole("cluster", "eks.amazonaws.com", ["AmazonEKSClusterPolicy"]);
  await eks.send(
    new CreateClusterCommand({
      name,
      version: "1.36",
      roleArn,
      resourcesVpcConfig: { subnetIds },
      accessConfig: {
        authenticationMode: setup.authenticationMode,
        bootstrapClusterCreatorAdminPermissions: true,
      },
      bootstrapSelfManagedAddons: false,
    }),
  );
  const described = await eventually("the cluster", async () => {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
    if (cluster?.status === "FAILED") throw new Error(`cluster failed: ${log.join("\n")}`);
    return cluster?.status === "ACTIVE" ? cluster : undefined;
  });
  const plane = service.plane(name)!;
  const securityGroupId = described.resourcesVpcConfig!.clusterSecurityGroupId!;
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: securityGroupId,
      IpProtocol: "tcp",
      FromPort: 443,
      ToPort: 443,
      CidrIp: "10.42.0.0/16",
    }),
  );
  const nodeRole = await createRole("node", "ec2.amazonaws.com", [
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryReadOnly",
  ]);
  return {
    world,
    plane,
    kube: plane.kube,
    name,
    vpcId,
    subnetIds,
    securityGroupId,
    clientOptions,
    ec2,
    eks,
    iam,
    log,
    issueKeys: setup.issueKeys,
    createRole,
    addAddon: async (addonName, role) => {
      await eks.send(
        new CreateAddonCommand({
          clusterName: name,
          addonName,
          ...(role === undefined
            ? {}
            : { podIdentityAssociations: [{ serviceAccount: role.serviceAccount, roleArn: role.arn }] }),
        }),
      );
    },
    waitForAddon: async (addonName) => {
      await eventually(`add-on ${addonName}`, async () => {
        const { addon } = await eks.send(new DescribeAddonCommand({ clusterName: name, addonName }));
        return addon?.status === "ACTIVE";
      });
    },
    addNodes: async ({ name: nodegroupName, count, labels = {} }) => {
      await eks.send(
        new CreateNodegroupCommand({
          clusterName: name,
          nodegroupName,
          nodeRole,
          subnets: subnetIds,
          instanceTypes: ["m7i.large"],
          amiType: "AL2023_x86_64_STANDARD",
          labels,
          scalingConfig: { minSize: count, maxSize: count, desiredSize: count },
        }),
      );
      await eventually(`node group ${nodegroupName}`, async () => {
        const { nodegroup } = await eks.send(new DescribeNodegroupCommand({ clusterName: name, nodegroupName }));
        if (nodegroup?.status === "CREATE_FAILED") {
          throw new Error(`node group failed: ${JSON.stringify(nodegroup.health)} ${log.join("\n")}`);
        }
        return nodegroup?.status === "ACTIVE";
      });
    },
    associate: async (namespace, serviceAccount, association) => {
      await eks.send(
        new CreatePodIdentityAssociationCommand({ clusterName: name, namespace, serviceAccount, roleArn: association }),
      );
    },
    stop: async () => {
      await stop();
      for (const client of [ec2, eks, iam]) client.destroy();
    },
  };
}
