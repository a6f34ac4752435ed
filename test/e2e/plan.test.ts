import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateTagsCommand, DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import {
  ChangeResourceRecordSetsCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { beforeAll, expect, test } from "vitest";
import type { Preview } from "../../src/plan/preview.ts";
import { awsSettings, clientsFor } from "../helpers/aws-clients.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { deployment, installedWorld, passwords, smallestHub, type InstalledWorld } from "../helpers/installed-world.ts";

const run = promisify(execFile);
const domain = "hub.dandi.example";

let world: InstalledWorld;

beforeAll(async () => {
  world = await installedWorld();
  return async () => await world.down();
});

async function plan(flags: string[] = [], env: NodeJS.ProcessEnv = world.env) {
  const { exitCode, stdout, stderr } = await hubctl(["plan", "--detailed-exitcode", ...flags], { cwd: world.cwd, env });
  for (const secret of Object.values(passwords)) expect(stdout + stderr).not.toContain(secret);
  return { exitCode, stdout, stderr };
}

async function preview(flags: string[] = [], env: NodeJS.ProcessEnv = world.env) {
  const { exitCode, stdout, stderr } = await plan(["--json", ...flags], env);
  expect(stdout, stderr).not.toBe("");
  return { exitCode, found: JSON.parse(stdout) as Preview };
}

async function kubectl(...args: string[]): Promise<string> {
  const kubeconfig = join(world.cwd, ".hubctl", deployment, "kubeconfig");
  return (await run("kubectl", ["--kubeconfig", kubeconfig, "-n", "jupyterhub", ...args], { env: world.env })).stdout;
}

/** All that a plan could write to: every version of every object of the state, and every release's revisions. */
async function traces(): Promise<string[]> {
  const { s3 } = clientsFor(world.env);
  const account = (JSON.parse((await plan(["--json"])).stdout) as Preview).account;
  const Bucket = `hubctl-${account}-${world.env["AWS_REGION"] ?? ""}`;
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  s3.destroy();
  const releases = await kubectl("get", "secrets", "-A", "-l", "owner=helm", "-o", "name");
  return [...Versions.map(({ Key, VersionId }) => `${Key ?? ""} ${VersionId ?? ""}`), ...releases.split("\n")].sort();
}

test("of what was just installed nothing is to change, and to look at it leaves no trace", async () => {
  const before = await traces();
  const { exitCode, stdout } = await plan();
  expect(stdout).toContain(`Nothing to change: ${deployment} is as its configuration says`);
  expect(exitCode).toBe(0);
  const { found } = await preview();
  expect(found).toMatchObject({ hasChanges: false, steps: [], drift: [], servers: { servers: 0, users: 0 } });
  expect(await traces()).toEqual(before);
  const lock = await readFile(join(world.cwd, "deployments", deployment, "hub.lock.yaml"), "utf8");
  expect(lock).toContain("kubernetes:");
}, 300_000);

test("a change of the configuration is told with what it means, and a changed secret only as changed", async () => {
  const { exitCode, found } = await preview(["--set", "culling.idleMinutes=17", "--set", "tags.Owner=somebody"], {
    ...world.env,
    HUBCTL_USER_PASSWORD: "another-horse-battery",
  });
  expect(exitCode).toBe(2);
  expect(found.drift).toEqual([]);
  expect(JSON.stringify(found)).not.toContain("another-horse");
  const objects = found.steps.flatMap((step) => step.objects);
  expect(objects.map(({ what }) => what)).toEqual(
    expect.arrayContaining(["aws_vpc.this[0]", "Secret/jupyterhub/hub", "Deployment/jupyterhub/hub"]),
  );
  const secret = objects.find(({ what }) => what === "Secret/jupyterhub/hub");
  expect(secret?.attributes.some(({ isSecret }) => isSecret)).toBe(true);
  expect(found.consequences.map(({ effect }) => effect)).toContain("hub-down");
  expect(found.losses).toEqual([]);
}, 300_000);

test("drift is shown in each layer, apart from what the configuration changes", async () => {
  const { ec2 } = clientsFor(world.env);
  const route53 = new Route53Client(awsSettings(world.env));
  const { Vpcs = [] } = await ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: "tag:hubctl:deployment", Values: [deployment] }] }),
  );
  await ec2.send(
    new CreateTagsCommand({ Resources: [Vpcs[0]!.VpcId!], Tags: [{ Key: "Owner", Value: "somebody else" }] }),
  );
  await kubectl("patch", "nodepool", "user", "--type=merge", '--patch={"spec":{"limits":{"cpu":"7"}}}');
  await kubectl("delete", "cronjob", "hub-database-copy");
  const { HostedZones = [] } = await route53.send(new ListHostedZonesCommand({}));
  const HostedZoneId = HostedZones[0]!.Id!;
  const { ResourceRecordSets = [] } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
  const ours = ResourceRecordSets.find(({ Name, Type }) => Name === `${domain}.` && Type === "A")!;
  const theirs = { Name: domain, Type: "A" as const, TTL: 60, ResourceRecords: [{ Value: "198.51.100.7" }] };
  const Changes = [
    { Action: "DELETE" as const, ResourceRecordSet: ours },
    { Action: "CREATE" as const, ResourceRecordSet: theirs },
  ];
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } }));

  const { exitCode, found } = await preview(["--set", "culling.idleMinutes=17"]);
  expect(exitCode).toBe(2);
  expect(found.drift.map(({ step, what, isPutBack }) => [step, what, isPutBack])).toEqual(
    expect.arrayContaining([
      ["cluster-stack", "aws_vpc.this[0]", true],
      ["platform", "NodePool/user", true],
      ["platform", "CronJob/jupyterhub/hub-database-copy", true],
      ["alias-record", expect.stringContaining("198.51.100.7") as unknown, false],
    ]),
  );
  const changed = found.steps.flatMap(({ objects }) => objects.map(({ what }) => what));
  expect(changed).toContain("Secret/jupyterhub/hub");
  expect(changed).not.toContain("aws_vpc.this[0]");

  const { stdout: markdown } = await plan(["--markdown"]);
  expect(markdown).toContain(`### \`hubctl plan\`: ${deployment}`);
  expect(markdown).toContain("NodePool/user");
  ec2.destroy();
  route53.destroy();
}, 600_000);

test("a failure ends with 1, whatever it is, and never with the code for changes", async () => {
  const stranger = await plan([], { ...world.env, ...world.otherAccount });
  expect(stranger).toMatchObject({ exitCode: 1, stdout: "" });
  expect(stranger.stderr).toContain("belongs to AWS account");
  expect((await plan(["--no-such-option"])).exitCode).toBe(1);
  const file = join(world.cwd, "deployments", deployment, "hub.yaml");
  await writeFile(file, `${smallestHub}\nnonsense: true\n`);
  const broken = await plan();
  await writeFile(file, smallestHub);
  expect(broken.exitCode).toBe(1);
  expect(broken.stderr).toContain("nonsense");
}, 120_000);
