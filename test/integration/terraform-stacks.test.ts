import { readFileSync, writeFileSync } from "node:fs";
import {
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { DescribeFileSystemsCommand, EFSClient } from "@aws-sdk/client-efs";
import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  EKSClient,
  ListClustersCommand,
} from "@aws-sdk/client-eks";
import { IAMClient, ListInstanceProfilesCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { clusterOutputsSchema, storageOutputsSchema } from "../../src/releases/inputs.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";
import { startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";
import {
  lockFor,
  operatorSettings,
  stacks,
  terraformStacks,
  unknownCalls,
  type TerraformStacks,
} from "../helpers/terraform-stacks.ts";

const { config: plain } = releaseInputs();
const config: HubConfig = {
  ...plain,
  aws: { ...plain.aws, rolePath: "/hubs/" },
  tags: { project: "archive" },
  cluster: { ...plain.cluster, coreNodes: { ...plain.cluster.coreNodes, desired: 2 } },
};

let aws: SimulatedAws;
let lock: HubLock;
let both: TerraformStacks;

const clientSettings = () => operatorSettings(aws);

beforeAll(async () => {
  aws = await startSimulatedAws();
  lock = await lockFor(aws, [
    { id: "use2-az1", name: "us-east-2a" },
    { id: "use2-az2", name: "us-east-2b" },
  ]);
  both = terraformStacks(aws);
  both.write(config, lock);
  await both.mustRun("init");
}, 300_000);

afterAll(() => aws.stop());

async function checkOutputs(): Promise<void> {
  const storage = storageOutputsSchema.parse(await both.outputs("storage"));
  expect(storage.file_system_id).toMatch(/^fs-/);
  expect(Object.keys(storage.shared_access_point_ids)).toEqual(["shared"]);
  const cluster = clusterOutputsSchema.parse(await both.outputs("cluster"));
  expect(Object.values(cluster.subnet_by_zone)).toEqual(cluster.private_subnet_ids);
  expect(cluster).toMatchObject({
    cluster_name: "dandihub",
    core_zone: "us-east-2a",
    karpenter_queue_name: "dandihub-01234567-karpenter",
  });
}

async function checkNodes(): Promise<void> {
  const ec2 = new EC2Client(clientSettings());
  const owned = [{ Name: "tag:hubctl:id", Values: [lock.id] }];
  const { Reservations: reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters: owned }));
  const instances = reservations.flatMap(({ Instances: found = [] }) => found);
  expect(instances).toHaveLength(2);
  const subnets = [...new Set(instances.map(({ SubnetId: id = "" }) => id))];
  const { Subnets: used = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: subnets }));
  expect(new Set(used.map(({ AvailabilityZone: zone }) => zone))).toEqual(new Set(["us-east-2a"]));
  const { Volumes: volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
  // moto gives each instance a second volume, which its launch template does not ask for.
  const roots = volumes.filter(({ Attachments: attached = [] }) => attached[0]?.Device === "/dev/xvda");
  expect(roots.map(({ Encrypted: encrypted }) => encrypted)).toEqual([true, true]);
}

async function checkTags(): Promise<void> {
  const state = await Promise.all(stacks.map((stack) => both.terraform(stack, "show", "-json")));
  for (const [index, { output }] of state.entries()) {
    const { values } = JSON.parse(output) as {
      values: { root_module: { resources: { address: string; values: { tags_all?: Record<string, string> } }[] } };
    };
    const tagged = values.root_module.resources.filter(({ values: { tags_all: tags } }) => tags !== undefined);
    expect(tagged.length).toBeGreaterThan(3);
    const tags = { "hubctl:id": lock.id, "hubctl:deployment": "dandihub", project: "archive" };
    for (const resource of tagged) {
      expect(resource.values.tags_all, resource.address).toMatchObject({ ...tags, "hubctl:stack": stacks[index] });
    }
  }
}

async function checkNothingIsLeft(): Promise<void> {
  const settings = clientSettings();
  const [ec2, iam] = [new EC2Client(settings), new IAMClient(settings)];
  const { Reservations: reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const states = reservations.flatMap(({ Instances: found = [] }) => found.map(({ State: state }) => state?.Name));
  expect(states.filter((state) => state !== "terminated")).toEqual([]);
  const { Vpcs: networks = [] } = await ec2.send(new DescribeVpcsCommand({}));
  expect(networks.filter(({ IsDefault: isDefault }) => !isDefault)).toEqual([]);
  const { SecurityGroups: groups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  expect(groups.map(({ GroupName: name }) => name)).toEqual(["default"]);
  expect((await ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates ?? []).toEqual([]);
  expect((await ec2.send(new DescribeAddressesCommand({}))).Addresses ?? []).toEqual([]);
  expect((await ec2.send(new DescribeVolumesCommand({}))).Volumes ?? []).toEqual([]);
  expect((await new EKSClient(settings).send(new ListClustersCommand({}))).clusters).toEqual([]);
  expect((await iam.send(new ListRolesCommand({ PathPrefix: "/hubs/" }))).Roles).toEqual([]);
  expect((await iam.send(new ListInstanceProfilesCommand({}))).InstanceProfiles).toEqual([]);
  expect((await new EFSClient(settings).send(new DescribeFileSystemsCommand({}))).FileSystems).toEqual([]);
}

/** Resources of which there was one in every deployment, before a VPC could be there already or have more gateways. */
const countedLater = new Set([
  "aws_eip.nat",
  "aws_internet_gateway.this",
  "aws_nat_gateway.this",
  "aws_route.internet",
  "aws_route.nat",
  "aws_route_table.private",
  "aws_route_table.public",
  "aws_vpc.this",
  "aws_vpc_endpoint.s3",
]);

interface StateFile {
  serial: number;
  resources: { type: string; name: string; instances: { index_key?: number }[] }[];
}

/** Gives the state the addresses that it had when all of these were single. */
function forgetIndexes(): void {
  const path = both.file("cluster", "terraform.tfstate");
  const state = JSON.parse(readFileSync(path, "utf8")) as StateFile;
  const single = state.resources.filter(({ type, name }) => countedLater.has(`${type}.${name}`));
  expect(single).toHaveLength(countedLater.size);
  for (const { instances } of single) for (const instance of instances) delete instance.index_key;
  writeFileSync(path, JSON.stringify({ ...state, serial: state.serial + 1 }));
}

/** As `hubctl add-admin` does: Terraform is to know nothing of it, and so to leave it alone. */
async function addAdmin(): Promise<void> {
  const eks = new EKSClient(clientSettings());
  const { Roles: roles = [] } = await new IAMClient(clientSettings()).send(
    new ListRolesCommand({ PathPrefix: "/hubs/" }),
  );
  const whose = {
    clusterName: config.name,
    principalArn: roles.find(({ RoleName: name }) => name?.endsWith("-cluster"))?.Arn,
  };
  await eks.send(new CreateAccessEntryCommand(whose));
  const policyArn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
  await eks.send(new AssociateAccessPolicyCommand({ ...whose, policyArn, accessScope: { type: "cluster" } }));
}

/** Also of a state that was written when fewer things had indexes. */
async function checkNothingChanges(): Promise<void> {
  forgetIndexes();
  expect(await Promise.all(stacks.map((stack) => both.plannedChanges(stack)))).toEqual([[], []]);
  const { output } = await both.terraform("cluster", "show", "plan");
  expect(output.match(/has moved to/g)).toHaveLength(countedLater.size);
}

/** Nothing but what an operator may change in a hub that is used: additions, and changes in place. */
async function checkLaterChanges(): Promise<void> {
  const changed: HubConfig = {
    ...config,
    tags: { project: "archive", costs: "7" },
    network: { ...config.network, vpc: { ...config.network.vpc, nat: "per-zone" } },
    storage: {
      ...config.storage,
      sharedFolders: [
        { name: "data", mountPath: "/data", writers: "admins", fillFrom: "s3://tutorials" },
        ...config.storage.sharedFolders,
      ],
      buckets: [{ name: "archive", access: "read" }],
    },
  };
  both.write(changed, lock);
  const [storage, cluster] = await Promise.all([both.plannedChanges("storage"), both.plannedChanges("cluster")]);
  both.write(config, lock);
  expect(storage).toContain('create aws_efs_access_point.folders["data"]');
  expect(storage).toContain("update aws_efs_file_system.homes");
  expect(cluster).toContain("create aws_nat_gateway.this[1]");
  expect(cluster).toContain('update aws_route_table_association.private["us-east-2b"]');
  expect(cluster).toContain('create aws_iam_role.bucket_reader["fill-folders"]');
  expect([...storage, ...cluster].filter((line) => /delete|forget/.test(line))).toEqual([]);
}

describe("both stacks on the simulated AWS", () => {
  // One test, since tests run in any order and an apply takes a minute.
  it("are applied, have nothing to change then, outlive changes, and leave nothing behind when destroyed", async () => {
    await both.mustRun("apply", "-auto-approve");
    await checkOutputs();
    await checkNodes();
    await checkTags();
    await addAdmin();
    await checkNothingChanges();
    await checkLaterChanges();

    await both.mustRun("destroy", "-auto-approve");
    await checkNothingIsLeft();
    expect(unknownCalls(aws)).toEqual([]);
  }, 600_000);
});
