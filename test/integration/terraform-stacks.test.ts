import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
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
import { DescribeAddonVersionsCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { IAMClient, ListInstanceProfilesCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CallRecord } from "../../sandbox/aws/front.ts";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { addonNames, terraformVariables } from "../../src/config/terraform-variables.ts";
import { clusterOutputsSchema, storageOutputsSchema } from "../../src/releases/inputs.ts";
import { account, region, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";

const run = promisify(execFile);
const templates = join(import.meta.dirname, "..", "..", "templates", "terraform");
const stacks = ["storage", "cluster"] as const;
type Stack = (typeof stacks)[number];

const config: HubConfig = {
  name: "dandihub",
  aws: { region, rolePath: "/hubs/", tags: { project: "archive" } },
  domain: "hub.dandi.example",
  certificateArn: `arn:aws:acm:${region}:${account}:certificate/1`,
  network: { vpcCidr: "10.42.0.0/16", allowFrom: ["0.0.0.0/0"], apiAccess: ["0.0.0.0/0"] },
  cluster: {
    supportPolicy: "STANDARD",
    coreNodes: { instanceType: "m6i.large", min: 1, max: 3, desired: 2, volumeSizeGiB: 50 },
  },
  users: { maxVcpus: 64, cpu: { guarantee: 1, limit: 4 }, memoryGiB: { guarantee: 2, limit: 8 } },
  auth: { method: "github", admins: ["a"], allowedUsers: [], allowedOrganizations: [], allowAll: true },
  image: { repository: "quay.io/jupyter/scipy-notebook", tag: "2026-11-03" },
};

let aws: SimulatedAws;
let lock: HubLock;

function clientSettings() {
  const { accessKeyId, secretAccessKey } = aws.seeded.operator;
  return { region, endpoint: aws.front.url, credentials: { accessKeyId, secretAccessKey } };
}

async function makeLock(): Promise<HubLock> {
  const eks = new EKSClient(clientSettings());
  const { addons = [] } = await eks.send(new DescribeAddonVersionsCommand({ kubernetesVersion: "1.36" }));
  const newest = (name: string) => addons.find(({ addonName }) => addonName === name)?.addonVersions?.[0]?.addonVersion;
  return {
    hubctl: "0.1.0",
    id: "0123456789abcdef",
    account,
    region,
    installer: aws.seeded.operator.arn,
    kubernetes: "1.36",
    addons: Object.fromEntries(addonNames.map((name) => [name, newest(name) ?? "none"])),
    nodeImage: { release: "1.36.1-20261110", alias: "al2023@v20261110" },
    zones: [
      { id: "use2-az1", name: "us-east-2a" },
      { id: "use2-az2", name: "us-east-2b" },
    ],
    charts: {},
    provider: "5.100.0",
  };
}

/** Runs terraform and gives its exit code and output. */
async function terraform(stack: Stack, ...args: string[]): Promise<{ code: number; output: string }> {
  const options = { cwd: join(aws.dir, stack), env: aws.env, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout } = await run(aws.terraform, [...args, "-no-color"], options);
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: `${stdout}\n${stderr}` };
  }
}

/** Runs the same in both stacks side by side, waits for both, and fails with the words of those that failed. */
async function mustRun(...args: string[]): Promise<void> {
  const results = await Promise.all(stacks.map(async (stack) => ({ stack, ...(await terraform(stack, ...args)) })));
  const failed = results.filter(({ code }) => code !== 0);
  if (failed.length === 0) return;
  const words = failed.map(({ stack, code, output }) => `${stack} ended with ${code}:\n${output.slice(-4000)}`);
  throw new Error(`terraform ${args.join(" ")} failed\n${words.join("\n")}`);
}

function calls(): CallRecord[] {
  const text = readFileSync(join(aws.dir, "aws-calls.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as CallRecord);
}

beforeAll(async () => {
  aws = await startSimulatedAws();
  lock = await makeLock();
  for (const stack of stacks) {
    const folder = join(aws.dir, stack);
    mkdirSync(folder);
    for (const file of readdirSync(join(templates, stack))) {
      copyFileSync(join(templates, stack, file), join(folder, file));
    }
    writeFileSync(join(folder, "terraform.tfvars.json"), JSON.stringify(terraformVariables(stack, config, lock)));
  }
  await mustRun("init");
}, 300_000);

afterAll(() => aws.stop());

async function checkOutputs(): Promise<void> {
  const read = async (stack: Stack) => {
    const answers = JSON.parse((await terraform(stack, "output", "-json")).output) as Record<
      string,
      { value: unknown }
    >;
    return Object.fromEntries(Object.entries(answers).map(([name, { value }]) => [name, value]));
  };
  expect(storageOutputsSchema.parse(await read("storage")).file_system_id).toMatch(/^fs-/);
  expect(clusterOutputsSchema.parse(await read("cluster"))).toMatchObject({
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
  const state = await Promise.all(stacks.map((stack) => terraform(stack, "show", "-json")));
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

describe("both stacks on the simulated AWS", () => {
  // One test, since tests run in any order and an apply takes a minute.
  it("are applied, have nothing to change then, and leave nothing behind when destroyed", async () => {
    await mustRun("apply", "-auto-approve");
    const plans = await Promise.all(stacks.map((stack) => terraform(stack, "plan", "-detailed-exitcode")));
    expect(plans.map(({ code, output }) => (code === 0 ? "empty" : output))).toEqual(["empty", "empty"]);
    await checkOutputs();
    await checkNodes();
    await checkTags();

    await mustRun("destroy", "-auto-approve");
    await checkNothingIsLeft();
    const unknown = calls().filter(({ error }) => error === "UnknownOperationException" || error === "SandboxFailure");
    expect(unknown).toEqual([]);
  }, 480_000);
});
