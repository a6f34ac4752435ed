import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
} from "@aws-sdk/client-ec2";
import { DeleteMountTargetCommand, DescribeFileSystemsCommand, EFSClient } from "@aws-sdk/client-efs";
import { EKSClient, ListPodIdentityAssociationsCommand } from "@aws-sdk/client-eks";
import {
  CreatePolicyCommand,
  CreateRoleCommand,
  GetRoleCommand,
  IAMClient,
  ListInstanceProfilesCommand,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import { DescribeKeyCommand, GetKeyRotationStatusCommand, KMSClient } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AwsClients } from "../../src/aws/clients.ts";
import { zonesOfExistingVpc } from "../../src/aws/existing-vpc.ts";
import { applyMountTargets, pendingMountTargets, planMountTargets } from "../../src/aws/mount-targets.ts";
import type { ExistingVpc, HubConfig } from "../../src/config/hub-config.ts";
import { clusterOutputsSchema, storageOutputsSchema } from "../../src/releases/inputs.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";
import { account, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";
import {
  lockFor,
  operatorSettings,
  stacks,
  terraformStacks,
  unknownCalls,
  type TerraformStacks,
} from "../helpers/terraform-stacks.ts";

const boundary = `arn:aws:iam::${account}:policy/inst-boundary`;
const gpuRole = `arn:aws:iam::${account}:role/inst-gpu`;

let aws: SimulatedAws;
let both: TerraformStacks;
let ec2: EC2Client;
let vpc: ExistingVpc;
let config: HubConfig;

/** The network of an institute: private subnets in two zones, two of them in the second, and public ones. */
async function makeNetwork(): Promise<ExistingVpc> {
  const { Vpc: made } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.20.0.0/16" }));
  const VpcId = made?.VpcId ?? "";
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
  const subnet = async (letter: string, number: number) => {
    const { Subnet: made } = await ec2.send(
      new CreateSubnetCommand({ VpcId, AvailabilityZone: `us-east-2${letter}`, CidrBlock: `10.20.${number}.0/24` }),
    );
    return made?.SubnetId ?? "";
  };
  const table = async (ids: string[], way: { GatewayId: string } | { NatGatewayId: string }) => {
    const { RouteTable: made } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
    const RouteTableId = made?.RouteTableId ?? "";
    await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", ...way }));
    for (const SubnetId of ids) await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  };
  const nodeSubnets = [await subnet("b", 1), await subnet("a", 2), await subnet("b", 3)];
  const loadBalancerSubnets = [await subnet("a", 8), await subnet("b", 9)];
  const { InternetGateway: gateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const GatewayId = gateway?.InternetGatewayId ?? "";
  await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId: GatewayId }));
  await table(loadBalancerSubnets, { GatewayId });
  const SubnetId = loadBalancerSubnets[0];
  const { NatGateway: nat } = await ec2.send(new CreateNatGatewayCommand({ SubnetId, ConnectivityType: "private" }));
  await table(nodeSubnets, { NatGatewayId: nat?.NatGatewayId ?? "" });
  return { id: VpcId, nodeSubnets, loadBalancerSubnets };
}

/** All that can be seen of the network: none of it is hubctl's to change. */
async function describeNetwork(): Promise<unknown> {
  const Filters = [{ Name: "vpc-id", Values: [vpc.id] }];
  const [{ Vpcs }, { Subnets = [] }, { RouteTables }, { VpcEndpoints }] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({ Filters })),
    ec2.send(new DescribeSubnetsCommand({ Filters })),
    ec2.send(new DescribeRouteTablesCommand({ Filters })),
    ec2.send(new DescribeVpcEndpointsCommand({ Filters })),
  ]);
  return { Vpcs, RouteTables, VpcEndpoints, Subnets: Subnets.map(({ SubnetId, Tags }) => ({ SubnetId, Tags })) };
}

async function makeIam(iam: IAMClient): Promise<void> {
  const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const all = document({ Effect: "Allow", Action: "*", Resource: "*" });
  await iam.send(new CreatePolicyCommand({ PolicyName: "inst-boundary", PolicyDocument: all }));
  const trust = document({
    Effect: "Allow",
    Principal: { Service: "pods.eks.amazonaws.com" },
    Action: ["sts:AssumeRole", "sts:TagSession"],
  });
  await iam.send(new CreateRoleCommand({ RoleName: "inst-gpu", AssumeRolePolicyDocument: trust }));
}

function hubIn(existingVpc: ExistingVpc): HubConfig {
  const { config: plain } = releaseInputs();
  const profile = { name: "GPU", description: "", default: true, gpus: 1, instanceTypes: [], environment: {} };
  return {
    ...plain,
    aws: { ...plain.aws, rolePath: "/inst/hubs/", namePrefix: "inst-", permissionsBoundary: boundary },
    network: { ...plain.network, existingVpc },
    storage: {
      ...plain.storage,
      buckets: [
        { name: "archive", access: "read" },
        { name: "scratch", access: "read-write" },
      ],
      sharedFolders: [{ name: "tutorials", mountPath: "/t", writers: "admins", fillFrom: "s3://tutorials/2026" }],
      encryptionKey: "own",
    },
    profiles: [{ ...profile, slug: "gpu", spot: true, roleArn: gpuRole }],
  };
}

/** The clients that checks and mount targets use. */
function clients(): AwsClients {
  const settings = operatorSettings(aws);
  return { region: settings.region, ec2: () => Promise.resolve(ec2), efs: new EFSClient(settings) } as AwsClients;
}

beforeAll(async () => {
  aws = await startSimulatedAws();
  ec2 = new EC2Client(operatorSettings(aws));
  await makeIam(new IAMClient(operatorSettings(aws)));
  vpc = await makeNetwork();
  config = hubIn(vpc);
  both = terraformStacks(aws);
  const zones = await zonesOfExistingVpc(clients(), config, vpc);
  expect(zones.map(({ name }) => name)).toEqual(["us-east-2b", "us-east-2a"]);
  both.write(config, await lockFor(aws, zones));
  await both.mustRun("init");
}, 300_000);

afterAll(() => aws.stop());

async function checkNames(): Promise<void> {
  const iam = new IAMClient(operatorSettings(aws));
  const { Roles: roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: "/inst/hubs/" }));
  expect(roles.length).toBeGreaterThan(8);
  for (const { RoleName } of roles) {
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(role).toMatchObject({
      RoleName: expect.stringMatching(/^inst-dandihub-01234567-/) as string,
      PermissionsBoundary: { PermissionsBoundaryArn: boundary },
    });
  }
  const { Roles: all = [] } = await iam.send(new ListRolesCommand({}));
  const elsewhere = all.filter(
    ({ Path: path }) => !path?.startsWith("/inst/hubs/") && !path?.startsWith("/aws-service-"),
  );
  expect(elsewhere.filter(({ RoleName: name }) => name?.includes("dandihub"))).toEqual([]);
  const { InstanceProfiles: profiles = [] } = await iam.send(new ListInstanceProfilesCommand({}));
  // EKS makes one of its own for the node group.
  const ours = profiles.filter(({ InstanceProfileName: name }) => !name?.startsWith("eks-"));
  expect(ours.map(({ Path, InstanceProfileName }) => `${Path ?? ""}${InstanceProfileName ?? ""}`)).toEqual([
    "/inst/hubs/inst-dandihub-01234567-user-node",
  ]);
}

async function checkAssociations(): Promise<void> {
  const { associations = [] } = await new EKSClient(operatorSettings(aws)).send(
    new ListPodIdentityAssociationsCommand({ clusterName: "dandihub", namespace: "jupyterhub" }),
  );
  expect(associations.map(({ serviceAccount }) => serviceAccount).sort()).toEqual(["fill-folders", "user", "user-gpu"]);
}

async function checkKey(): Promise<void> {
  const storage = storageOutputsSchema.parse(await both.outputs("storage"));
  expect(storage.shared_access_point_ids).toEqual({ tutorials: expect.stringMatching(/^fsap-/) as string });
  const KeyId = storage.encryption_key_arn;
  const kms = new KMSClient(operatorSettings(aws));
  expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.Enabled).toBe(true);
  expect((await kms.send(new GetKeyRotationStatusCommand({ KeyId }))).KeyRotationEnabled).toBe(true);
  const { FileSystems: systems = [] } = await clients().efs.send(new DescribeFileSystemsCommand({}));
  expect(systems.map(({ KmsKeyId: id }) => id)).toEqual([KeyId]);
}

/** As the step does it: one in each zone, although two subnets share one, and none the second time. */
async function checkMountTargets(): Promise<void> {
  const { file_system_id: fileSystemId } = storageOutputsSchema.parse(await both.outputs("storage"));
  const cluster = clusterOutputsSchema.parse(await both.outputs("cluster"));
  expect(cluster.private_subnet_ids).toEqual(vpc.nodeSubnets);
  expect(cluster.public_subnet_ids).toEqual(vpc.loadBalancerSubnets);
  const wanted = {
    fileSystemId,
    vpcId: cluster.vpc_id,
    subnetByZone: cluster.subnet_by_zone,
    securityGroupId: cluster.efs_security_group_id,
  };
  const plan = await planMountTargets(clients(), wanted);
  expect(plan.create.sort()).toEqual(vpc.nodeSubnets.slice(0, 2).sort());
  await applyMountTargets(clients(), plan);
  await expect.poll(() => pendingMountTargets(clients(), fileSystemId), { timeout: 30_000 }).toEqual([]);
  const again = await planMountTargets(clients(), wanted);
  expect(again).toMatchObject({ create: [], regroup: [] });
  for (const MountTargetId of again.existing) {
    await clients().efs.send(new DeleteMountTargetCommand({ MountTargetId }));
  }
}

describe("both stacks in a VPC that was there before", () => {
  // One test, since tests run in any order and an apply takes a minute.
  it("are applied with the institution's names, change nothing of the network, and leave it behind", async () => {
    const before = await describeNetwork();
    await both.mustRun("apply", "-auto-approve");
    expect(await Promise.all(stacks.map((stack) => both.plannedChanges(stack)))).toEqual([[], []]);
    expect(await describeNetwork()).toEqual(before);
    await checkNames();
    await checkAssociations();
    await checkKey();
    await checkMountTargets();

    await both.mustRun("destroy", "-auto-approve");
    expect(await describeNetwork()).toEqual(before);
    const groups = await ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: "vpc-id", Values: [vpc.id] }] }),
    );
    expect(groups.SecurityGroups?.map(({ GroupName: name }) => name)).toEqual(["default"]);
    expect(unknownCalls(aws)).toEqual([]);
  }, 600_000);
});
