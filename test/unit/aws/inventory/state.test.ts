import { expect, test } from "vitest";
import { stateOf, type World } from "../../../../src/aws/inventory/state.ts";
import type { Proved } from "../../../../src/aws/inventory/ownership.ts";
import type { Found } from "../../../../src/aws/inventory/resource.ts";
import { idsInState } from "../../../../src/aws/inventory/world.ts";

const id = "aaaaaaaaaaaaaaaa";
const nothing: World = { clusters: [], records: [] };
const record = { deployment: "demo", region: "us-east-2", ids: [id], keptIds: [], isLocked: false };
const going = { words: "deleting", waits: "minutes" } as const;

function proved(found: Partial<Found> = {}, rest: Partial<Proved> = {}): Proved {
  return {
    found: { category: "vpcs", id: "vpc-1", tags: {}, ...found },
    owners: [{ id, deployment: "demo" }],
    evidence: "",
    isConflict: false,
    stack: "cluster",
    ...rest,
  };
}

function withCluster(status: string, clusterId = id, region = "us-east-2"): World {
  return { clusters: [{ id: clusterId, name: "demo", region, status }], records: [] };
}

test("without cluster, lock and records everything is an orphan", () => {
  expect(stateOf(proved(), nothing)).toBe("orphan");
});

test.each(["ACTIVE", "CREATING", "UPDATING"])("a cluster that is %s keeps its deployment alive", (status) => {
  expect(stateOf(proved(), withCluster(status))).toBe("live");
});

test.each(["FAILED", "DELETING"])("a cluster that is %s does not", (status) => {
  expect(stateOf(proved(), withCluster(status))).toBe("orphan");
});

test("a cluster of the same name with another id does not", () => {
  expect(stateOf(proved(), withCluster("ACTIVE", "bbbbbbbbbbbbbbbb"))).toBe("orphan");
});

test("a cluster in another region does: roles are the account's", () => {
  expect(stateOf(proved({ category: "iam-roles" }), withCluster("ACTIVE", id, "eu-west-1"))).toBe("live");
});

test("a held run lock makes everything of that name live", () => {
  expect(stateOf(proved(), { clusters: [], records: [{ ...record, ids: [], isLocked: true }] })).toBe("live");
});

test("data is kept while the state of its stack holds its id", () => {
  const world = { clusters: [], records: [{ ...record, keptIds: [id] }] };

  expect(stateOf(proved({}, { stack: "storage" }), world)).toBe("kept-data");
  expect(stateOf(proved({}, { stack: "cluster" }), world)).toBe("orphan");
  expect(stateOf(proved({}, { stack: "storage" }), { clusters: [], records: [record] })).toBe("orphan");
  const other = { clusters: [], records: [{ ...record, keptIds: ["bbbbbbbbbbbbbbbb"] }] };
  expect(stateOf(proved({}, { stack: "storage" }), other)).toBe("orphan");
});

test("records without an id are judged by their deployment's name", () => {
  const owners = [{ id: undefined, deployment: "demo" }];

  expect(stateOf(proved({}, { owners }), withCluster("ACTIVE"))).toBe("live");
  expect(
    stateOf(proved({}, { owners, stack: "storage" }), { clusters: [], records: [{ ...record, keptIds: [id] }] }),
  ).toBe("kept-data");
});

test("what is on its way out is pending, even of a deployment that lives", () => {
  expect(stateOf(proved({ going }), withCluster("ACTIVE"))).toBe("pending-deletion");
});

test("a conflict is never anything else", () => {
  expect(stateOf(proved({ going }, { isConflict: true }), withCluster("ACTIVE"))).toBe("conflict");
  expect(stateOf(proved({}, { owners: [] }), nothing)).toBe("conflict");
});

test("the state bucket is used or unused, whoever it belongs to", () => {
  expect(stateOf(proved({ inUse: true }), nothing)).toBe("live");
  expect(stateOf(proved({ inUse: false }), nothing)).toBe("orphan");
});

test("ids are read from what a Terraform state holds", () => {
  const tags = { "hubctl:id": id, "hubctl:stack": "storage" };
  const state = { resources: [{ instances: [{ attributes: { tags_all: tags } }] }] };

  expect(idsInState(JSON.stringify(state))).toEqual([id]);
  expect(idsInState(JSON.stringify(state, null, 2))).toEqual([id]);
  expect(idsInState('{"resources": []}')).toEqual([]);
});
