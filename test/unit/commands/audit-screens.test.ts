import { describe, expect, test } from "vitest";
import type { Inventory } from "../../../src/aws/inventory/index.ts";
import type { Resource } from "../../../src/aws/inventory/resource.ts";
import {
  deploymentsOf,
  describeInventory,
  describeResources,
  formatAge,
  isOf,
} from "../../../src/commands/audit-screens.ts";

const plain = { style: (_style: string, text: string) => text };
const now = new Date("2026-11-21T12:00:00Z");

function resource(rest: Partial<Resource>): Resource {
  return {
    category: "vpcs",
    id: "vpc-1",
    tags: {},
    owners: [{ id: "aaaaaaaaaaaaaaaa", deployment: "demo" }],
    evidence: "tag hubctl:id aaaaaaaaaaaaaaaa",
    region: "us-east-2",
    stack: "cluster",
    state: "orphan",
    ...rest,
  };
}

function inventory(resources: Resource[], unknown: Inventory["unknown"] = []): Inventory {
  return { account: "123456789012", region: "us-east-2", world: { clusters: [], records: [] }, resources, unknown };
}

describe("the table", () => {
  test("is grouped by category, with age, state, cost and reason", () => {
    const created = new Date("2026-11-18T12:00:00Z");
    const gateway = resource({ category: "nat-gateways", id: "nat-1", name: "demo", created, monthlyCost: 32.85 });

    expect(describeResources([resource({ monthlyCost: 0 }), gateway], plain, now)).toEqual([
      "NAT gateways",
      "  nat-1  demo  demo  3 d  orphan  $32.85/month  tag hubctl:id aaaaaaaaaaaaaaaa",
      "",
      "VPCs",
      "  vpc-1        demo       orphan  -             tag hubctl:id aaaaaaaaaaaaaaaa",
      "",
    ]);
  });

  test("ends with sums by state and with what could not be looked at", () => {
    const lines = describeInventory(
      inventory(
        [resource({ monthlyCost: 1.5 }), resource({ id: "vpc-2", state: "live" })],
        [{ category: "queues", reason: "SQS ListQueues: AccessDenied: no" }],
      ),
      plain,
    );

    expect(lines.slice(-4)).toEqual([
      "! Queues could not be looked at: SQS ListQueues: AccessDenied: no",
      "Found in us-east-2 (account 123456789012):",
      "  live: 1",
      "  orphan: 1 (about $1.50 a month)",
    ]);
  });

  test("says so when there is nothing", () => {
    expect(describeInventory(inventory([]), plain, "demo")).toEqual([
      "Nothing of demo was found in us-east-2 (account 123456789012)",
    ]);
  });
});

test("things belong to a deployment by its name or its id", () => {
  const nameless = resource({ owners: [{ id: "bbbbbbbbbbbbbbbb", deployment: undefined }] });

  expect(isOf(resource({}), "demo")).toBe(true);
  expect(isOf(nameless, "bbbbbbbbbbbbbbbb")).toBe(true);
  expect(isOf(nameless, "demo")).toBe(false);
  expect(deploymentsOf([nameless, resource({}), resource({})])).toEqual(["bbbbbbbbbbbbbbbb", "demo"]);
});

test.each([
  ["2026-11-21T11:59:30Z", "0 min"],
  ["2026-11-21T07:00:00Z", "5 h"],
  ["2026-11-18T12:00:00Z", "3 d"],
])("what was made at %s is %s old", (created, age) => {
  expect(formatAge(new Date(created), now)).toBe(age);
});
