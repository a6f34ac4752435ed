import { ListClustersCommand } from "@aws-sdk/client-eks";
import { DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { DescribeLoadBalancersCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreatePolicyCommand, GetRoleCommand, ListRolesCommand, ListRoleTagsCommand } from "@aws-sdk/client-iam";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { CallRecord } from "../../sandbox/aws/front.ts";
import { accountDifferences, readAccount, type AccountContents } from "../helpers/account-contents.ts";
import { awsSettings, clientsFor } from "../helpers/aws-clients.ts";
import { kubectl } from "../helpers/break-world.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { projectRoot } from "../helpers/sandbox.ts";
import {
  deployment,
  installedWorld,
  smallestHub,
  writeDeployment,
  type InstalledWorld,
} from "../helpers/installed-world.ts";

const boundary = "arn:aws:iam::123456789012:policy/obs-boundary";

/** A hub as an institute wants it: its own names, path and boundary for roles, and no public address. */
const institutesHub = smallestHub
  .replace("hub.dandi.example", "teaching.dandi.example")
  .replace("aws:", `aws:\n  namePrefix: obs-\n  rolePath: /hubs/\n  permissionsBoundary: ${boundary}`)
  .concat("network:\n  internal: true\n");

let world: InstalledWorld;
let aws: ReturnType<typeof clientsFor>;
let before: AccountContents;
let deletedBefore: number;
let objectsBefore: string[];

beforeAll(async () => {
  world = await installedWorld();
  aws = clientsFor(world.env);
  return async () => await world.down();
});

const install = (name: string, ...more: string[]) => hubctl(["install", "--deployment", name, ...more], world);

/** What Kubernetes holds of the first deployment, but for what changes by itself all the time. */
async function objectsOfFirst(): Promise<string[]> {
  const kinds = "deployments,services,configmaps,secrets,persistentvolumeclaims,persistentvolumes,nodepools,nodes";
  const path = 'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.uid}{"\\n"}{end}';
  return (await kubectl(world, "get", kinds, "-A", "-o", path)).trim().split("\n").sort();
}

/** Every role of the account with the tag of this deployment. */
async function rolesOf(name: string) {
  const { Roles = [] } = await aws.iam.send(new ListRolesCommand({}));
  const roles = await Promise.all(
    Roles.map(async ({ RoleName }) => {
      const { Tags = [] } = await aws.iam.send(new ListRoleTagsCommand({ RoleName }));
      if (!Tags.some(({ Key, Value }) => Key === "hubctl:deployment" && Value === name)) return [];
      const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName }));
      return Role === undefined ? [] : [Role];
    }),
  );
  return roles.flat();
}

test("a second deployment, an institute's private hub, stands beside the first and leaves it as it is", async () => {
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
  await aws.iam.send(new CreatePolicyCommand({ PolicyName: "obs-boundary", PolicyDocument: JSON.stringify(policy) }));
  deletedBefore = deletedByFirstKarpenter();
  before = await readAccount(awsSettings(world.env));
  objectsBefore = await objectsOfFirst();
  await writeDeployment(world.cwd, "teaching", institutesHub);
  const second = await install("teaching", "--yes");
  expect(second.exitCode, second.stderr).toBe(0);

  const { clusters = [] } = await aws.eks.send(new ListClustersCommand({}));
  expect(clusters).toHaveLength(2);
  const { Vpcs = [] } = await aws.ec2.send(new DescribeVpcsCommand({}));
  const owners = Vpcs.map(({ Tags = [] }) => Tags.find(({ Key }) => Key === "hubctl:deployment")?.Value);
  expect(owners.filter((owner) => owner !== undefined).toSorted()).toEqual([deployment, "teaching"]);
  const { LoadBalancers = [] } = await aws.elb.send(new DescribeLoadBalancersCommand({}));
  expect(LoadBalancers.map(({ Scheme }) => Scheme).toSorted()).toEqual(["internal", "internet-facing"]);

  const roles = await rolesOf("teaching");
  expect(roles.length).toBeGreaterThan(4);
  for (const { RoleName, Path, PermissionsBoundary } of roles) {
    expect(RoleName).toMatch(/^obs-/);
    expect([RoleName, Path]).toEqual([RoleName, "/hubs/"]);
    expect([RoleName, PermissionsBoundary?.PermissionsBoundaryArn]).toEqual([RoleName, boundary]);
  }

  await expectNoChange("teaching");
});

test("cleaning the second up, with its data, leaves every byte of the first", async () => {
  const { exitCode, stderr } = await hubctl(
    ["cleanup", "--deployment", "teaching", "--data", "delete", "--confirm", "teaching"],
    world,
  );
  expect(exitCode, stderr).toBe(0);
  const after = await readAccount(awsSettings(world.env));
  const differences = accountDifferences(before, after);
  const unused = differences.filter((line) => /^- launch template: .*\n.*karpenter\.k8s\.aws\//.test(line));
  expect(differences.filter((line) => !unused.includes(line))).toEqual([]);
  expect(unused.length).toBeLessThanOrEqual(deletedByFirstKarpenter() - deletedBefore);
  expect(await objectsOfFirst()).toEqual(objectsBefore);
  await expectNoChange(deployment);
});

/** How many launch templates the first deployment's Karpenter has deleted: after some minutes it does so with unused ones. */
function deletedByFirstKarpenter(): number {
  const calls = readFileSync(join(projectRoot, ".sandbox", world.name, "calls.jsonl"), "utf8")
    .trim()
    .split("\n");
  const made = calls.map((line) => JSON.parse(line) as CallRecord);
  return made.filter(
    ({ action, status, caller }) =>
      action === "DeleteLaunchTemplate" && status === 200 && /:assumed-role\/research-\w+-karpenter\//.test(caller),
  ).length;
}

async function expectNoChange(name: string): Promise<void> {
  const again = await install(name);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(again.stderr).toContain("Nothing to do");
}
