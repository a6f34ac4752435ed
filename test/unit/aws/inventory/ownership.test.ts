import { describe, expect, test } from "vitest";
import { clusterNames, proveOwners } from "../../../../src/aws/inventory/ownership.ts";
import type { Found } from "../../../../src/aws/inventory/resource.ts";

const a = "aaaaaaaaaaaaaaaa";
const b = "bbbbbbbbbbbbbbbb";

function own(id = a, deployment = "demo", stack = "cluster"): Record<string, string> {
  return { "hubctl:id": id, "hubctl:deployment": deployment, "hubctl:stack": stack };
}

function thing(category: Found["category"], id: string, rest: Partial<Found> = {}): Found {
  return { category, id, tags: {}, ...rest };
}

const vpc = thing("vpcs", "vpc-1", { tags: own() });

function judged(...found: Found[]) {
  return proveOwners(found).map(({ found: { id }, owners, isConflict, evidence }) => ({
    id,
    owners: owners.map((owner) => owner.id),
    isConflict,
    evidence,
  }));
}

describe("proof of ownership", () => {
  test("is the tag hubctl:id", () => {
    expect(judged(vpc)).toEqual([{ id: "vpc-1", owners: [a], isConflict: false, evidence: `tag hubctl:id ${a}` }]);
  });

  test("is being part of what has the tag, over any number of parts", () => {
    const group = thing("security-groups", "sg-1", { partOf: ["vpc-1"] });
    const leftover = thing("network-interfaces", "eni-1", { partOf: ["sg-1"] });

    expect(judged(leftover, group, vpc)).toContainEqual({
      id: "eni-1",
      owners: [a],
      isConflict: false,
      evidence: `part of sg-1, which has hubctl:id ${a}`,
    });
  });

  test("is no name and no tag of Kubernetes alone", () => {
    const namesake = thing("volumes", "vol-1", { tags: { "kubernetes.io/cluster/demo": "owned", Name: "demo" } });

    expect(judged(vpc, namesake).map(({ id }) => id)).toEqual(["vpc-1"]);
  });

  test("is the name of the cluster together with the VPC, for what a VPC need not have", () => {
    const machine = { partOf: ["vpc-1"], needsName: true };
    const found = [
      vpc,
      thing("instances", "i-own", { ...machine, tags: { "kubernetes.io/cluster/demo": "owned" } }),
      thing("instances", "i-foreign", machine),
    ];

    const [, named, nameless] = judged(...found);
    expect(named).toMatchObject({ id: "i-own", isConflict: false });
    expect(nameless).toMatchObject({ id: "i-foreign", isConflict: true });
    expect(nameless?.evidence).toContain("nothing says that hubctl or its cluster made it");
  });

  test("contradicts itself when the tag and the place name two deployments", () => {
    const subnet = thing("subnets", "subnet-1", { partOf: ["vpc-1"], tags: own(b, "other") });

    expect(judged(vpc, subnet)[1]).toMatchObject({ owners: [a, b], isConflict: true });
  });

  test("contradicts itself when what is in the VPC names another cluster", () => {
    const group = thing("security-groups", "sg-1", {
      partOf: ["vpc-1"],
      tags: { "kubernetes.io/cluster/prod": "owned" },
    });

    const [, conflict] = judged(vpc, group);
    expect(conflict).toMatchObject({ isConflict: true });
    expect(conflict?.evidence).toContain("names the cluster prod");
  });

  test("is not clear of what hangs on something that is not clear", () => {
    const found = [
      thing("dns-records", "A www", { partOf: ["arn:lb"] }),
      thing("load-balancers", "theirs", { arn: "arn:lb", partOf: ["vpc-1"], needsName: true }),
      vpc,
      thing("volumes", "vol-1", { partOf: ["arn:lb"], tags: own() }),
    ];

    expect(judged(...found).map(({ id, isConflict }) => [id, isConflict])).toEqual([
      ["A www", true],
      ["theirs", true],
      ["vpc-1", false],
      ["vol-1", false],
    ]);
  });

  test("is incomplete when the deployment is named without its id", () => {
    const queue = thing("queues", "demo", { tags: { "hubctl:deployment": "demo" } });

    expect(judged(queue)).toEqual([
      {
        id: "demo",
        owners: [undefined],
        isConflict: true,
        evidence: "has the tag hubctl:deployment demo, but no hubctl:id",
      },
    ]);
  });

  test("passes by ARN where names are not unique", () => {
    const cluster = thing("eks-clusters", "demo", { arn: "arn:cluster/demo", tags: own() });
    const bucket = thing("buckets", "demo", { tags: own(b, "other") });
    const group = thing("eks-node-groups", "demo/core", { partOf: ["arn:cluster/demo"] });

    expect(judged(bucket, cluster, group)[2]).toMatchObject({ owners: [a], isConflict: false });
  });

  test("takes the stack of the whole for what shares its data", () => {
    const system = thing("file-systems", "fs-1", { tags: own(a, "demo", "storage") });
    const point = thing("recovery-points", "rp-1", { partOf: ["fs-1"], sharesStack: true });
    const target = thing("mount-targets", "fsmt-1", { partOf: ["fs-1"] });

    expect(proveOwners([system, point, target]).map(({ stack }) => stack)).toEqual(["storage", "storage", undefined]);
  });

  test("is a record of hubctl's own, with or without the id", () => {
    const claim = { words: "kept in hubctl's state bucket", deployment: "demo", ids: [] };

    expect(judged(thing("terraform-state", "s3://x", { claim }))).toEqual([
      { id: "s3://x", owners: [undefined], isConflict: false, evidence: "kept in hubctl's state bucket" },
    ]);
  });
});

test.each([
  [{ "kubernetes.io/cluster/demo": "owned" }, ["demo"]],
  [{ "kubernetes.io/cluster/demo": "shared", "eks:cluster-name": "demo" }, ["demo"]],
  [{ "cluster.k8s.amazonaws.com/name": "demo", "karpenter.k8s.aws/cluster": "prod" }, ["demo", "prod"]],
  [{ Name: "demo", "kubernetes.io/role/elb": "1" }, []],
])("of the tags %j the clusters %j are read", (tags, names) => {
  expect(clusterNames(tags as unknown as Record<string, string>)).toEqual(names);
});
