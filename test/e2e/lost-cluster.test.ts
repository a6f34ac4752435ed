import { DescribeSubnetsCommand, DescribeVolumesCommand, DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { DeleteLoadBalancerCommand, DescribeLoadBalancersCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import {
  deleteCluster,
  findOwnNetwork,
  plantBalancer,
  plantGroup,
  plantGuardDuty,
  plantInterface,
  plantVolume,
} from "../helpers/break-world.ts";
import { hubctl } from "../helpers/hubctl.ts";
import {
  deployment,
  installedWorld,
  leftInAccount,
  restoreWorld,
  type InstalledWorld,
} from "../helpers/installed-world.ts";
import { eraseRecords, readState, withoutYounger, writeState } from "../helpers/state-objects.ts";

const deleteAll = ["cleanup", "--data", "delete", "--confirm", deployment, "--yes"];

let name: string;
let lost: string;
let world: InstalledWorld;

/** Somebody deleted node groups and cluster in the console; all tests begin there. */
beforeAll(async () => {
  const installed = await installedWorld();
  ({ name } = installed);
  lost = `${name}-lost`;
  await deleteCluster(installed);
  await installed.takeSnapshot(lost, installed.cwd);
  return async () => await installed.down();
});

async function restoreLost(): Promise<void> {
  world = await restoreWorld(name, lost);
}

async function removeFolder(): Promise<void> {
  await rm(world.cwd, { recursive: true, force: true });
}

async function cleanUp(): Promise<void> {
  const { exitCode, stderr } = await hubctl(deleteAll, world);
  expect(exitCode, stderr).toBe(0);
}

describe("a cluster that was deleted in the console, and what others made in its VPC", () => {
  let groups: string[];
  let volume: string;

  beforeAll(async () => {
    await restoreLost();
    const network = await findOwnNetwork(world);
    const lock = await readFile(join(world.cwd, "deployments", deployment, "hub.lock.yaml"), "utf8");
    groups = [...(await plantGuardDuty(world, network)), await plantGroup(world, network)];
    groups.push(await plantInterface(world, network));
    volume = await plantVolume(world, /^id: (\w+)/m.exec(lock)?.[1] ?? "");
    await cleanUp();
    return removeFolder;
  });

  test("what its controllers left, GuardDuty's endpoint and group, a group and an interface made by hand: all go", async () => {
    expect(groups).toHaveLength(4);
    expect(await leftInAccount(world)).toEqual([]);
  });

  test("a disk of its driver that nobody claims goes, too", async () => {
    const { Volumes = [] } = await clientsFor(world.env).ec2.send(new DescribeVolumesCommand({}));
    expect(Volumes.map(({ VolumeId }) => VolumeId)).not.toContain(volume);
  });

  test("a second cleanup after a finished one has nothing to do", async () => {
    const again = await hubctl(deleteAll, world);
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Nothing to do") as string });
  });
});

describe("Terraform's state", () => {
  beforeEach(restoreLost);
  afterEach(removeFolder);

  test("missing, with all that hubctl remembers in AWS", async () => {
    await eraseRecords(world);
    await cleanUp();
    expect(await leftInAccount(world)).toEqual([]);
  });

  test("empty, as after a failed move of it", async () => {
    for (const stack of ["cluster", "storage"] as const) {
      const state = await readState(world, stack);
      await writeState(world, stack, { ...state, serial: state.serial + 1, outputs: {}, resources: [] });
    }
    await cleanUp();
    expect(await leftInAccount(world)).toEqual([]);
  });

  test("outdated: written when there was neither gateway nor cluster", async () => {
    const state = await readState(world, "cluster");
    const younger = [
      "aws_nat_gateway",
      "aws_vpc_endpoint",
      "aws_security_group",
      "aws_sqs_queue",
      "aws_cloudwatch_event_rule",
    ];
    const resources = withoutYounger(state.resources, younger);
    const types = resources.map(({ type }) => type);
    expect(types).toContain("aws_subnet");
    expect(types).not.toContain("aws_eks_cluster");
    await writeState(world, "cluster", { ...state, serial: state.serial + 1, resources });
    await cleanUp();
    expect(await leftInAccount(world)).toEqual([]);
  });

  test("missing, and the folder with the lock file, too: audit finds and deletes all of it", async () => {
    await eraseRecords(world);
    const place = { env: world.env, cwd: tmpdir() };
    const listed = await hubctl(["audit", "--json"], place);
    expect(listed.exitCode, listed.stderr).toBe(3);
    const audit = ["audit", "--deployment", deployment];
    const orphans = await hubctl([...audit, "--delete", "--yes"], place);
    expect(orphans, orphans.stderr).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining("stays without --data delete") as string,
    });
    const data = await hubctl([...audit, "--delete", "--data", "delete", "--confirm", deployment], place);
    expect(data.exitCode, data.stderr).toBe(0);
    expect(await leftInAccount(world)).toEqual([]);
  });
});

describe("somebody else's load balancer in our subnets", () => {
  let stranger: string;

  beforeAll(async () => {
    await restoreLost();
    const network = await findOwnNetwork(world);
    stranger = await plantBalancer(world, network, { name: "their-api" });
    const tags = { [`kubernetes.io/cluster/${deployment}`]: "owned" };
    await plantBalancer(world, network, { name: "another-service", tags });
    return removeFolder;
  });

  test("is named and left, with the subnet it is in, while all else goes; one of the cluster's own goes", async () => {
    const { ec2, elb } = clientsFor(world.env);
    const { exitCode, stderr } = await hubctl(deleteAll, world);
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toContain("their-api");
    expect(stderr).toContain(`hubctl cleanup --deployment ${deployment} --data delete`);
    const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
    expect(LoadBalancers.map(({ LoadBalancerArn }) => LoadBalancerArn)).toEqual([stranger]);
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    expect(Subnets.filter(({ DefaultForAz }) => !DefaultForAz)).toHaveLength(1);
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
    expect(Vpcs.filter(({ IsDefault }) => !IsDefault)).toHaveLength(1);
    // Nothing else is left; the subnet and the VPC cost nothing.
    const kinds = (await leftInAccount(world)).map((line) => /^. ([\w ]+):/.exec(line)?.[1]);
    expect(kinds).not.toEqual(expect.arrayContaining([expect.stringMatching(/NAT|volume|file|instance|cluster/)]));
  });

  test("once it is gone, the next cleanup ends with nothing left", async () => {
    await clientsFor(world.env).elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: stranger }));
    await cleanUp();
    expect(await leftInAccount(world)).toEqual([]);
  });
});
