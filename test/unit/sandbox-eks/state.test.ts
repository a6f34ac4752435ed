import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mergeLogging } from "../../../sandbox/aws/eks/cluster-request.ts";
import { trusts } from "../../../sandbox/aws/eks/iam.ts";
import { Jobs, pause } from "../../../sandbox/aws/eks/jobs.ts";
import { ClusterStore, type ClusterRecord } from "../../../sandbox/aws/eks/state.ts";

describe("ClusterStore", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "hubctl-eks-state-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("finds again what was saved, and forgets what was removed", () => {
    const store = new ClusterStore(dir);
    const record = { shape: { name: "demo", status: "ACTIVE" }, updates: [] } as unknown as ClusterRecord;
    store.save(record);
    store.save({ ...record, shape: { ...record.shape, name: "other" } });
    expect(new ClusterStore(dir).get("demo")).toEqual(record);
    store.remove("other");
    expect(new ClusterStore(dir).all()).toEqual([record]);
    expect(readdirSync(dir)).toEqual(["demo.json"]);
  });

  it("does not know other names", () => {
    expect(() => new ClusterStore(dir).get("none")).toThrow("No cluster found for name: none.");
  });
});

describe("Jobs", () => {
  it("runs jobs of one key one after the other, and reports what fails", async () => {
    const failures: string[] = [];
    const order: string[] = [];
    const jobs = new Jobs((key, error) => failures.push(`${key}: ${String(error)}`));
    jobs.start("a", async (signal) => {
      await pause(1, signal);
      order.push("first");
      throw new Error("broken");
    });
    const second = new Promise<void>((resolve) => {
      jobs.start("a", () => {
        order.push("second");
        resolve();
        return Promise.resolve();
      });
    });
    await second;
    expect(order).toEqual(["first", "second"]);
    expect(failures).toEqual(["a: Error: broken"]);
  });

  it("ends jobs where they wait, without calling that a failure", async () => {
    const failures: unknown[] = [];
    const jobs = new Jobs((_, error) => failures.push(error));
    jobs.start("a", (signal) => pause(60_000, signal));
    jobs.start("a", () => Promise.reject(new Error("must not start")));
    await jobs.stop();
    expect(failures).toEqual([]);
  });
});

describe("trusts", () => {
  const role = (statement: object) => ({
    Path: "/",
    RoleName: "r",
    RoleId: "AROA",
    Arn: "arn:aws:iam::123456789012:role/r",
    CreateDate: new Date(0),
    AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify({ Statement: statement })),
  });
  const both = ["sts:AssumeRole", "sts:TagSession"];
  const pods = { Service: "pods.eks.amazonaws.com" };

  it.each([
    ["all actions are allowed", [{ Effect: "Allow", Principal: pods, Action: both }], true],
    ["they are in statements of their own", both.map((Action) => ({ Effect: "Allow", Principal: pods, Action })), true],
    ["one action is missing", { Effect: "Allow", Principal: pods, Action: "sts:AssumeRole" }, false],
    ["the service is another", { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: both }, false],
    ["the statement denies", { Effect: "Deny", Principal: pods, Action: both }, false],
  ])("knows when %s", (_, statement, expected) => {
    expect(trusts(role(statement), "pods.eks.amazonaws.com", both)).toBe(expected);
  });
});

describe("mergeLogging", () => {
  it("tells the types that are on and those that are off", () => {
    expect(mergeLogging(undefined, undefined).clusterLogging).toEqual([
      { types: ["api", "audit", "authenticator", "controllerManager", "scheduler"], enabled: false },
    ]);
    const on = mergeLogging(undefined, { clusterLogging: [{ types: ["audit", "api"], enabled: true }] });
    expect(on.clusterLogging?.[0]).toEqual({ types: ["api", "audit"], enabled: true });
    const less = mergeLogging(on, { clusterLogging: [{ types: ["api"], enabled: false }] });
    expect(less.clusterLogging?.[0]).toEqual({ types: ["audit"], enabled: true });
  });
});
