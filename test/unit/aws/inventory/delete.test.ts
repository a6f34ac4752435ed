import { DeleteVpcCommand, EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, expect, test } from "vitest";
import { createClients } from "../../../../src/aws/clients.ts";
import { deleteResources } from "../../../../src/aws/inventory/delete.ts";
import type { Inventory } from "../../../../src/aws/inventory/index.ts";
import type { Resource } from "../../../../src/aws/inventory/resource.ts";

const ec2 = mockClient(EC2Client);
const s3 = mockClient(S3Client);
const iam = mockClient(IAMClient);

beforeEach(() => {
  for (const mock of [ec2, s3, iam]) mock.reset();
});

function resource(category: Resource["category"], id: string, rest: Partial<Resource> = {}): Resource {
  return { category, id, tags: {}, owners: [], evidence: "", region: "", stack: undefined, state: "orphan", ...rest };
}

/** Deletes what each round is told to find; gives the answer and how long was waited. */
async function deleteFrom(rounds: Resource[][], unknown: Inventory["unknown"] = []) {
  const waits: number[] = [];
  let round = 0;
  const answer = await deleteResources(createClients("us-east-2"), {
    account: "123456789012",
    take: () => {
      const resources = rounds[Math.min(round++, rounds.length - 1)] ?? [];
      return Promise.resolve({ account: "", region: "", world: { clusters: [], records: [] }, resources, unknown });
    },
    mayDelete: ({ state }) => state === "orphan",
    note: () => undefined,
    wait: (seconds) => Promise.resolve(void waits.push(seconds)),
  });
  return { ...answer, waits };
}

function refusal(name: string): Error {
  return Object.assign(new Error("has dependencies"), { name });
}

const vpc = resource("vpcs", "vpc-1");
const machine = resource("instances", "i-1");

test("what needs machines to be gone waits for them", async () => {
  const shuttingDown = { ...machine, state: "pending-deletion", going: { words: "", waits: "minutes" } } as const;
  const { deleted, left } = await deleteFrom([[machine, vpc], [shuttingDown, vpc], [vpc], []]);

  expect(deleted).toBe(2);
  expect(left).toEqual([]);
  expect(ec2.calls().map(({ args: [command] }) => command.constructor)).toEqual([
    TerminateInstancesCommand,
    DeleteVpcCommand,
  ]);
});

test("what is refused because of something else is tried again", async () => {
  ec2.on(DeleteVpcCommand).rejectsOnce(refusal("DependencyViolation")).resolves({});
  const { deleted, left } = await deleteFrom([[vpc], [vpc], []]);

  expect(deleted).toBe(1);
  expect(left).toEqual([]);
});

test("what stays refused is named with AWS's reason, and stops nothing else", async () => {
  ec2.on(TerminateInstancesCommand).rejects(refusal("UnauthorizedOperation"));
  ec2.on(DeleteVpcCommand).resolves({});
  const { deleted, left, waits } = await deleteFrom([[machine, vpc], [machine]]);

  expect(deleted).toBe(1);
  expect(left.map(({ resource: { id }, why }) => `${id} ${why}`)).toEqual([
    "i-1 UnauthorizedOperation: has dependencies",
  ]);
  expect(waits.length).toBeLessThan(10);
});

test("what is gone already counts as deleted", async () => {
  ec2.on(DeleteVpcCommand).rejects(refusal("InvalidVpcID.NotFound"));

  expect(await deleteFrom([[vpc], []])).toMatchObject({ deleted: 1, left: [] });
});

test("live and contradictory things are never touched", async () => {
  const states = ["live", "kept-data", "conflict", "pending-deletion"] as const;
  const { deleted } = await deleteFrom([states.map((state) => resource("vpcs", state, { state }))]);

  expect(deleted).toBe(0);
  expect(ec2.calls()).toEqual([]);
});

test("the state goes last, and only when every category could be looked at", async () => {
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [{ Key: "deployments/demo/cluster/x", VersionId: "1" }] });
  s3.on(DeleteObjectsCommand).resolves({});
  const state = resource("terraform-state", "s3://b/deployments/demo/cluster/", {
    facts: { bucket: "b", prefix: "deployments/demo/cluster/" },
  });

  const unproved = await deleteFrom([[state]], [{ category: "queues", reason: "AccessDenied" }]);
  expect(unproved.left).toMatchObject([{ why: "kept until nothing else is left" }]);
  expect(s3.calls()).toEqual([]);

  expect(await deleteFrom([[vpc, state], [state], []])).toMatchObject({ deleted: 2, left: [] });
  expect(s3.commandCalls(DeleteObjectsCommand)).toHaveLength(1);
});

test("interfaces that are in use go with what they are attached to", async () => {
  const attached = resource("network-interfaces", "eni-1", { facts: { status: "in-use" } });
  const { left } = await deleteFrom([[attached]]);

  expect(left).toMatchObject([{ why: "goes with what it is attached to" }]);
  expect(ec2.calls()).toEqual([]);
});
