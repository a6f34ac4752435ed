import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parsePlanDetails } from "../../../src/tools/plan-details.ts";

interface Change {
  actions: string[];
  before?: unknown;
  after?: unknown;
  after_unknown?: unknown;
  before_sensitive?: unknown;
  after_sensitive?: unknown;
  replace_paths?: string[][];
}

const resource = (address: string, change: Change, more: object = {}) => ({
  address,
  mode: "managed",
  type: address.split(".")[0],
  change: { before: null, after: null, after_unknown: {}, before_sensitive: {}, after_sensitive: {}, ...change },
  ...more,
});

function read(planned: object[], drifted: object[] = [], configured: Record<string, string[]> = {}) {
  const resources = Object.entries(configured).map(([address, names]) => ({
    address,
    expressions: Object.fromEntries(names.map((name) => [name, {}])),
  }));
  return parsePlanDetails(
    JSON.stringify({
      resource_changes: planned,
      resource_drift: drifted,
      configuration: { root_module: { resources } },
    }),
  );
}

describe("parsePlanDetails", () => {
  it("reads a recorded plan: what is replaced, and by which attribute it is forced", () => {
    const recorded = join(import.meta.dirname, "..", "..", "fixtures", "terraform", "replace-plan.json");
    const { changes } = parsePlanDetails(readFileSync(recorded, "utf8"));
    expect(changes.find(({ what }) => what === "terraform_data.cluster")).toEqual({
      action: "replace",
      type: "terraform_data",
      what: "terraform_data.cluster",
      id: "e113c8bc-c43f-14cd-be10-af9e2a64b2dc",
      attributes: [{ path: "triggers_replace", before: ["a"], after: ["b"] }],
      forcedBy: ["triggers_replace"],
    });
  });

  it("tells what is created and deleted without attributes, and nothing of what is only read or stays", () => {
    const { changes } = read([
      resource("aws_vpc.new", { actions: ["create"], after: { cidr_block: "10.0.0.0/16" } }),
      resource("aws_vpc.old", { actions: ["delete"], before: { id: "vpc-1" } }),
      resource("aws_vpc.lost", { actions: ["forget"], before: { id: "vpc-2" } }),
      resource("aws_vpc.same", { actions: ["no-op"] }),
      resource("data.aws_ami.x", { actions: ["read"] }, { mode: "data" }),
    ]);
    expect(changes.map(({ action, what, id, attributes }) => [action, what, id, attributes])).toEqual([
      ["create", "aws_vpc.new", undefined, []],
      ["delete", "aws_vpc.old", "vpc-1", []],
      ["delete", "aws_vpc.lost", "vpc-2", []],
    ]);
  });

  it("leaves out what only follows: unknown attributes that nobody set, and the tags a second time", () => {
    const change = {
      actions: ["update"],
      before: { version: "1", latest_version: 1, tags: { a: "1" }, tags_all: { a: "1", b: "1" } },
      after: { tags: { a: "2" }, tags_all: { a: "2", b: "2" } },
      after_unknown: { version: true, latest_version: true },
    };
    const { changes } = read([resource('aws_x.y["k"]', change)], [], { "aws_x.y": ["version", "tags"] });
    expect(changes[0]?.attributes).toEqual([
      { path: "tags.a", before: "1", after: "2" },
      { path: "tags_all.b", before: "1", after: "2" },
      { path: "version", before: "1", isUnknown: true },
    ]);
  });

  it("names the former address of what has moved", () => {
    const moved = resource("aws_vpc.b", { actions: ["update"], before: { a: 1 }, after: { a: 2 } });
    const { changes } = read([{ ...moved, previous_address: "aws_vpc.a" }]);
    expect(changes[0]).toMatchObject({ what: "aws_vpc.b", remark: "was aws_vpc.a" });
  });

  it("says of what was half made why it is made anew", () => {
    const half = resource("aws_eks_cluster.this", { actions: ["delete", "create"] });
    const { changes } = read([{ ...half, action_reason: "replace_because_tainted" }]);
    expect(changes).toMatchObject([{ action: "replace", remark: "its creation was interrupted" }]);
  });

  it("tells what is left of a replacement apart from its successor", () => {
    const address = "aws_eks_node_group.core";
    const left = resource(address, { actions: ["delete"], before: { id: "old" } }, { deposed: "1a2b" });
    const now = resource(address, { actions: ["update"], before: { a: 1 }, after: { a: 2 } });
    const drifted = resource(address, { actions: ["update"], before: { a: 2 }, after: { a: 1 } });
    const { changes, drift } = read([left, now], [drifted]);
    expect(changes).toMatchObject([
      { action: "delete", what: address, remark: "the former one, which has a successor already" },
      { action: "change", what: address },
    ]);
    expect(drift).toMatchObject([{ isPutBack: true }]);
  });

  it("never holds a value that Terraform takes for a secret", () => {
    const change = {
      actions: ["update"],
      before: { password: "old-secret", list: [{ key: "old-secret" }] },
      after: { password: "new-secret", list: [{ key: "new-secret" }] },
      before_sensitive: { password: true, list: [{ key: true }] },
      after_sensitive: { password: true, list: [{ key: true }] },
    };
    const details = read([resource("aws_x.y", change)], [resource("aws_x.y", change)], { "aws_x.y": ["password"] });
    expect(details.changes[0]?.attributes.map(({ path }) => path)).toEqual(["list.0.key", "password"]);
    expect(JSON.stringify(details)).not.toContain("old-secret");
    expect(JSON.stringify(details)).not.toContain("new-secret");
  });
});

describe("drift", () => {
  const changed = resource("aws_efs_file_system.homes", {
    actions: ["update"],
    before: { id: "fs-1", throughput_mode: "elastic", size: 1 },
    after: { id: "fs-1", throughput_mode: "bursting", size: 2 },
  });

  it("is put back when the plan makes the attribute what it was", () => {
    const plan = resource("aws_efs_file_system.homes", {
      actions: ["update"],
      before: { id: "fs-1", throughput_mode: "bursting", size: 2 },
      after: { id: "fs-1", throughput_mode: "elastic", size: 2 },
    });
    expect(read([plan], [changed]).drift).toEqual([
      {
        type: "aws_efs_file_system",
        what: "aws_efs_file_system.homes",
        id: "fs-1",
        kind: "changed",
        attributes: [{ path: "throughput_mode", before: "elastic", after: "bursting" }],
        isPutBack: true,
      },
    ]);
  });

  it("of what the configuration sets is told even if it stays", () => {
    const { drift } = read([], [changed], { "aws_efs_file_system.homes": ["throughput_mode"] });
    expect(drift).toMatchObject([{ attributes: [{ path: "throughput_mode" }], isPutBack: false }]);
  });

  it("is undone, too, when the configuration now asks for something else", () => {
    const plan = resource("aws_efs_file_system.homes", {
      actions: ["update"],
      before: { throughput_mode: "bursting" },
      after: { throughput_mode: "provisioned" },
    });
    const { drift } = read([plan], [changed], { "aws_efs_file_system.homes": ["throughput_mode"] });
    expect(drift).toMatchObject([{ attributes: [{ path: "throughput_mode" }], isPutBack: true }]);
  });

  it("of what AWS alone decides about is none", () => {
    expect(read([], [changed], { "aws_efs_file_system.homes": ["encrypted"] }).drift).toEqual([]);
  });

  it("tells what is gone, and whether it is made again", () => {
    const gone = resource("aws_vpc.this[0]", { actions: ["delete"], before: { id: "vpc-1" } });
    const again = resource("aws_vpc.this[0]", { actions: ["create"] });
    expect(read([again], [gone]).drift).toMatchObject([{ what: "aws_vpc.this[0]", kind: "gone", isPutBack: true }]);
    expect(read([], [gone]).drift).toMatchObject([{ kind: "gone", isPutBack: false }]);
  });
});
