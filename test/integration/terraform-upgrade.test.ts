import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateTagsCommand, DeleteTagsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CallRecord } from "../../sandbox/aws/front.ts";
import { createClients, type AwsClients } from "../../src/aws/clients.ts";
import { describeCoreNodeGroups } from "../../src/aws/core-node-group.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { classifyError } from "../../src/engine/known-failures.ts";
import { CommandError } from "../../src/tools/exec.ts";
import { describeLockChanges } from "../../src/upgrade/lock-changes.ts";
import { readOffers, readRunning } from "../../src/upgrade/read-offers.ts";
import type { UpgradeTarget } from "../../src/upgrade/targets.ts";
import { upgradeLock } from "../../src/upgrade/upgrade-lock.ts";
import { eventually } from "../helpers/eventually.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";
import { startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";
import { lockFor, operatorSettings, terraformStacks, type TerraformStacks } from "../helpers/terraform-stacks.ts";

const { config } = releaseInputs();
let world: SimulatedAws;
let aws: AwsClients;
let eks: EKSClient;
let both: TerraformStacks;
let lock: HubLock;

beforeAll(async () => {
  world = await startSimulatedAws();
  Object.assign(process.env, world.env);
  aws = createClients(config.aws.region);
  eks = new EKSClient(operatorSettings(world));
  both = terraformStacks(world);
  const newest = await lockFor(world, [
    { id: "use2-az1", name: "us-east-2a" },
    { id: "use2-az2", name: "us-east-2b" },
  ]);
  const offers = await readOffers(aws, { ...newest, kubernetes: "1.35" }, {});
  const { addons = {} } = offers.byKubernetes["1.35"] ?? {};
  lock = {
    ...newest,
    kubernetes: "1.35",
    addons: Object.fromEntries(Object.entries(addons).map(([name, { preferred }]) => [name, preferred])),
    nodeImage: { release: "1.35.5-20260504", alias: "al2023@v20260504" },
    charts: { jupyterhub: "4.4.0", karpenter: "1.14.1", "karpenter-crd": "1.14.1" },
  };
  both.write(config, lock);
  const prepared = await both.terraform("cluster", "init");
  expect(prepared, prepared.output).toMatchObject({ code: 0 });
  await apply();
}, 300_000);

afterAll(async () => {
  eks.destroy();
  await world.stop();
});

async function apply(): Promise<void> {
  const { code, output } = await both.terraform("cluster", "apply", "-auto-approve");
  expect(code, output).toBe(0);
}

async function upgrade(target: UpgradeTarget) {
  const running = await readRunning(aws, config.name);
  return upgradeLock(lock, target, { offers: await readOffers(aws, lock, running), running, config });
}

function move(to: HubLock): void {
  lock = to;
  both.write(config, lock);
}

async function clusterVersion(): Promise<string | undefined> {
  return (await eks.send(new DescribeClusterCommand({ name: config.name }))).cluster?.version;
}

async function coreNodes() {
  const groups = await describeCoreNodeGroups(aws, config.name);
  expect(groups).toHaveLength(1);
  return groups[0];
}

/** The calls to EKS since then that change something, in order. */
function changingCalls(since: number): string[] {
  const calls = readFileSync(join(world.dir, "aws-calls.jsonl"), "utf8").trim().split("\n").slice(since);
  return calls
    .map((line) => JSON.parse(line) as CallRecord)
    .filter(({ service, action }) => service === "eks" && /^(Update|Create|Delete)/.test(action))
    .map(({ action }) => action);
}

function callsSoFar(): number {
  return readFileSync(join(world.dir, "aws-calls.jsonl"), "utf8").trim().split("\n").length;
}

test("the nodes' image goes first: there is none of that day for the next Kubernetes", async () => {
  const { lock: same, held } = await upgrade("kubernetes");
  expect(same).toEqual(lock);
  expect(held).toMatchObject([{ what: "Kubernetes", first: "update --upgrade nodes" }]);
  const { lock: next } = await upgrade("nodes");
  expect(describeLockChanges(lock, next).map(({ what, to }) => `${what} ${to}`)).toEqual([
    "node image 1.35.5-20261110",
  ]);
  const before = callsSoFar();
  move(next);
  expect(await both.plannedChanges("cluster")).toEqual(["update aws_eks_node_group.core"]);
  await apply();
  expect(changingCalls(before)).toEqual(["UpdateNodegroupVersion"]);
  expect(await coreNodes()).toMatchObject({ version: "1.35", releaseVersion: "1.35.5-20261110" });
}, 300_000);

test("an update of the control plane that EKS gives up leaves all as it was, and is not tried again by itself", async () => {
  const { lock: next, held } = await upgrade("kubernetes");
  expect(held).toEqual([]);
  const ec2 = new EC2Client(operatorSettings(world));
  const { cluster } = await eks.send(new DescribeClusterCommand({ name: config.name }));
  const Resources = [cluster?.resourcesVpcConfig?.clusterSecurityGroupId ?? ""];
  const Tags = [{ Key: "sandbox:fail-update", Value: "IpNotAvailable" }];
  await ec2.send(new CreateTagsCommand({ Resources, Tags }));
  move(next);
  const { code, output } = await both.terraform("cluster", "apply", "-auto-approve");
  await ec2.send(new DeleteTagsCommand({ Resources, Tags }));
  ec2.destroy();
  expect(code).toBe(1);
  expect(output).toContain("IpNotAvailable");
  const command = { file: "terraform", args: ["apply"] };
  const failure = new CommandError("terraform", { command, line: "terraform apply", exitStatus: 1, output });
  expect(classifyError(failure)?.kind).not.toBe("retry");
  expect(await clusterVersion()).toBe("1.35");
  expect((await coreNodes())?.version).toBe("1.35");
}, 300_000);

test("a Terraform that is killed while the control plane moves is followed by one that does the rest", async () => {
  const before = callsSoFar();
  const killed = spawn(world.terraform, ["apply", "-auto-approve", "-no-color", "-lock=false"], {
    cwd: join(world.dir, "cluster"),
    env: world.env,
    stdio: "ignore",
  });
  const exited = new Promise((resolve) => killed.once("exit", resolve));
  await eventually("the update's begin", () => changingCalls(before).includes("UpdateClusterVersion"));
  killed.kill("SIGKILL");
  await exited;
  await eventually("the update's end", async () => (await clusterVersion()) === "1.36");
  expect((await coreNodes())?.version).toBe("1.35");

  // The lock file has moved already: nothing moves on before the rest has followed.
  expect(await upgrade("kubernetes")).toMatchObject({ lock, unfinished: "the core nodes run 1.35" });
  await apply();
  expect(await coreNodes()).toMatchObject({ version: "1.36", releaseVersion: "1.36.1-20261110" });
  expect(await both.plannedChanges("cluster")).toEqual([]);

  const calls = changingCalls(before);
  const first = (action: string) => calls.indexOf(action);
  expect(calls.filter((action) => action === "UpdateClusterVersion")).toHaveLength(1);
  expect(calls.filter((action) => action === "UpdateNodegroupVersion")).toHaveLength(1);
  expect(first("UpdateClusterVersion")).toBeLessThan(first("UpdateAddon"));
  expect(first("UpdateAddon")).toBeLessThan(first("UpdateNodegroupVersion"));
  expect(calls.filter((action) => !action.startsWith("Update"))).toEqual([]);
}, 300_000);

test("then Kubernetes is at its newest", async () => {
  expect(await upgrade("kubernetes")).toEqual({ lock, held: [] });
});
