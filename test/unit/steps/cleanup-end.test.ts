import { existsSync, writeFileSync } from "node:fs";
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { DeleteVolumeCommand } from "@aws-sdk/client-ec2";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Category, Resource } from "../../../src/aws/inventory/resource.ts";
import type { Unknown } from "../../../src/aws/inventory/index.ts";
import { LeftoversError, ToolError } from "../../../src/errors.ts";
import { findBlockers, findHolders, heldBy } from "../../../src/steps/cleanup/blockers.ts";
import { countByCategory } from "../../../src/steps/cleanup/belongings.ts";
import { asCleanup, type DataChoice } from "../../../src/steps/cleanup/cleanup.ts";
import { proveEmpty } from "../../../src/steps/cleanup/prove-empty.ts";
import { removeState } from "../../../src/steps/cleanup/remove-state.ts";
import { sweep } from "../../../src/steps/cleanup/sweep.ts";
import {
  awsError,
  changeOf,
  fakeInstallation,
  fakeStack,
  mockAws,
  planOf,
  runChecked,
} from "../../helpers/installation.ts";

// Between two looks nothing is waited for.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

/** What AWS shows, one list for each time it is asked; the last one for ever. */
let shown: Resource[][] = [];
let unknown: Unknown[] = [];
vi.mock("../../../src/aws/inventory/index.ts", () => ({
  takeInventory: () => {
    const resources = (shown.length > 1 ? shown.shift() : shown[0]) ?? [];
    return Promise.resolve(inventory(resources));
  },
}));

const id = "3f1c9a5200000000";
const aws = mockAws();

function inventory(resources: Resource[]) {
  return { account: "", region: "us-east-2", world: { clusters: [], records: [] }, resources, unknown };
}

function resource(category: Category, thing: string, rest: Partial<Resource> = {}): Resource {
  const owners = [{ id, deployment: "dandihub" }];
  const common = { tags: {}, evidence: "", region: "us-east-2", stack: "cluster", state: "orphan" } as const;
  return { category, id: thing, owners, ...common, ...rest };
}

function cleanup(data: DataChoice) {
  return asCleanup(fakeInstallation(), { data, id });
}

beforeEach(() => {
  shown = [];
  unknown = [];
});

const volume = resource("volumes", "vol-1", { monthlyCost: 8 });
const homes = resource("file-systems", "fs-1", { stack: "storage", state: "kept-data", monthlyCost: 30 });

describe("sweep-cluster", () => {
  const step = sweep("cluster", { title: "" });
  const deletedVolumes = () => aws.ec2.commandCalls(DeleteVolumeCommand).map(({ args }) => args[0].input.VolumeId);

  it("deletes what is ours, alive or not, and neither data nor what somebody else claims", async () => {
    const alive = resource("volumes", "vol-2", { state: "live" });
    const disputed = resource("volumes", "vol-3", { state: "conflict" });
    const stray = resource("volumes", "vol-4", { owners: [{ id: "ffff", deployment: "dandihub" }] });
    shown = [
      [volume, alive, disputed, stray, homes],
      [volume, alive, disputed, stray, homes],
      [disputed, homes],
    ];
    expect((await runChecked(step, cleanup("delete"))).change).toBe("whatever of 2 the steps before leave");
    expect(deletedVolumes()).toEqual(["vol-1", "vol-2"]);
  });

  it("remembers what AWS says of what it does not delete", async () => {
    shown = [[volume]];
    aws.ec2.on(DeleteVolumeCommand).rejects(awsError("VolumeInUse", 400, "vol-1 is attached to i-9"));
    const context = cleanup("keep");
    await runChecked(step, context);
    expect([...context.refusals]).toEqual([["volumes vol-1", "VolumeInUse: vol-1 is attached to i-9"]]);
  });

  it("leaves the state of what Terraform could not destroy", async () => {
    const state = resource("terraform-state", "s3://bucket/deployments/dandihub/cluster/");
    shown = [[state]];
    const context = cleanup("keep");
    expect(await step.check(context)).toHaveProperty("change");
    context.failures.set("destroy-cluster-stack", new ToolError("TerraformFailed", "terraform failed"));
    expect(await step.check(context)).toEqual({ done: "nothing is left" });
  });
});

describe("sweep-cluster after a destruction that failed", () => {
  it("lets Terraform finish, once what it has stumbled over is gone", async () => {
    const cluster = fakeStack([planOf({ delete: [changeOf("aws_eks_addon.this")] })]);
    shown = [[volume], [volume], [volume], []];
    const installation = fakeInstallation({ stacks: { storage: fakeStack([]), cluster } });
    const context = asCleanup(installation, { data: "keep", id });
    const failure = new ToolError("TerraformFailed", "terraform failed");
    context.failures.set("destroy-cluster-stack", failure);
    await runChecked(sweep("cluster", { title: "" }), context);
    expect(cluster.log).toEqual(["plan to destroy", "apply plan-1"]);
    expect([...context.failures]).toEqual([]);
  });
});

describe("sweep-storage", () => {
  it("is for data, and only if that is to go", async () => {
    shown = [[homes]];
    const step = sweep("storage", { title: "" });
    expect(await step.check(cleanup("delete"))).toHaveProperty("change");
    expect(await step.check(cleanup("keep"))).toEqual({ done: "nothing is left" });
  });
});

describe("prove-empty", () => {
  async function fail(context: ReturnType<typeof cleanup>): Promise<unknown> {
    return runChecked(proveEmpty, context).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it("is content with nothing, with kept data, and with what AWS deletes in some days", async () => {
    const secret = resource("secrets", "hubctl/x", {
      stack: "storage",
      state: "pending-deletion",
      going: { words: "gone on 2026-12-01", waits: "days" },
    });
    shown = [[secret]];
    expect(await proveEmpty.check(cleanup("delete"))).toEqual({ done: "nothing is left" });
    shown = [[secret, homes]];
    expect(await proveEmpty.check(cleanup("keep"))).toEqual({ done: "nothing is left" });
    expect(await proveEmpty.check(cleanup("delete"))).toHaveProperty("change");
  });

  it("names what is left, why, what it costs, and what to run next", async () => {
    shown = [[volume]];
    const context = cleanup("delete");
    context.refusals.set("volumes vol-1", "VolumeInUse: vol-1 is attached to i-9");
    const error = await fail(context);
    expect(error).toBeInstanceOf(LeftoversError);
    expect(error).toMatchObject({
      exitCode: 3,
      message: "1 of dandihub is left (about $8.00 a month)",
      output: "volumes vol-1 (about $8.00 a month): VolumeInUse: vol-1 is attached to i-9",
      hint: expect.stringContaining("hubctl cleanup --deployment dandihub --data delete") as string,
    });
  });

  it("names the stranger who keeps a subnet", async () => {
    shown = [
      [
        resource("subnets", "subnet-1"),
        resource("instances", "i-1", { state: "conflict", evidence: "nothing says that hubctl made it" }),
        resource("network-interfaces", "eni-1", {
          facts: { status: "in-use", subnet: "subnet-1", groups: "sg-1", instance: "i-1", description: "" },
        }),
      ],
    ];
    expect(await fail(cleanup("keep"))).toMatchObject({
      output: expect.stringContaining(
        "the instance i-1 is not of this deployment, and holds subnet-1, sg-1 and the VPC",
      ) as string,
      hint: expect.stringContaining("remove i-1, or have it moved") as string,
    });
  });

  it("takes a category that could not be looked at for not proved", async () => {
    unknown = [{ category: "kms-keys", reason: "AccessDenied: kms:ListKeys" }];
    expect(await fail(cleanup("delete"))).toMatchObject({
      code: "NotProved",
      exitCode: 1,
      output: "KMS keys: AccessDenied: kms:ListKeys",
    });
  });

  it("does not forget that Terraform could not finish", async () => {
    const context = cleanup("delete");
    const failure = new ToolError("TerraformFailed", "terraform failed");
    context.failures.set("destroy-storage-stack", failure);
    expect(await fail(context)).toBe(failure);
  });
});

describe("remove-state", () => {
  const prefix = "deployments/dandihub/";
  const records = resource("terraform-state", `s3://bucket/${prefix}storage/`, { stack: "storage" });

  /** What is in the bucket, by key; true for a version that is the latest one. */
  function holds(versions: Record<string, boolean>): void {
    aws.s3.on(GetBucketVersioningCommand).resolves({ Status: "Enabled" });
    aws.s3.on(ListObjectVersionsCommand).callsFake(({ Prefix }: { Prefix: string }) => ({
      Versions: Object.entries(versions).flatMap(([Key, IsLatest]) =>
        Key.startsWith(Prefix) ? [{ Key, VersionId: "v1", IsLatest, Size: 3 }] : [],
      ),
    }));
    aws.s3.on(DeleteObjectsCommand).resolves({});
  }
  const deleted = () =>
    aws.s3
      .commandCalls(DeleteObjectsCommand)
      .map(({ args }) => args[0].input.Delete?.Objects?.map(({ Key }) => Key?.slice(prefix.length)));

  it("goes last but for the run lock, and that after it was given back; then the bucket", async () => {
    shown = [[records]];
    holds({ [`${prefix}run.lock`]: false, [`${prefix}storage/terraform.tfstate`]: true });
    const installation = fakeInstallation();
    const { lockFile } = installation.deployment;
    const context = asCleanup(installation, { data: "delete", id });
    writeFileSync(lockFile, "");
    await runChecked(removeState, context);
    expect(deleted()).toEqual([["storage/terraform.tfstate"], ["run.lock"]]);
    expect(installation.leaveStateBucket).toHaveBeenCalledOnce();
    expect(aws.s3.commandCalls(DeleteBucketCommand)).toHaveLength(1);
    expect(existsSync(lockFile)).toBe(false);
  });

  it("leaves the lock of somebody who has begun meanwhile, and the bucket with it", async () => {
    shown = [[records]];
    holds({ [`${prefix}run.lock`]: true, [`${prefix}storage/terraform.tfstate`]: false });
    await runChecked(removeState, cleanup("delete"));
    expect(deleted()).toEqual([["storage/terraform.tfstate"]]);
    expect(aws.s3.commandCalls(DeleteBucketCommand)).toEqual([]);
  });

  it("leaves a bucket that holds another deployment's", async () => {
    shown = [[records]];
    holds({ [`${prefix}storage/terraform.tfstate`]: true });
    aws.s3.on(DeleteBucketCommand).rejects(awsError("BucketNotEmpty", 409));
    await expect(runChecked(removeState, cleanup("delete"))).resolves.toBeDefined();
  });

  it("stays as long as it finds kept data again, and goes if there is none", async () => {
    holds({});
    shown = [[records, homes]];
    expect(await removeState.check(cleanup("keep"))).toEqual({ done: "it is what finds the kept data again" });
    shown = [[records]];
    expect(await removeState.check(cleanup("keep"))).toHaveProperty("change");
    shown = [[]];
    expect(await removeState.check(cleanup("delete"))).toEqual({ done: "there is nothing" });
  });
});

describe("what is in Terraform's way", () => {
  const available = { facts: { status: "available" } };

  it("is what is ours, blocks, and is not in its plan", () => {
    const found = [
      resource("network-interfaces", "eni-left", available),
      resource("network-interfaces", "eni-used", { facts: { status: "in-use" } }),
      resource("endpoints", "vpce-guardduty", { tags: { GuardDutyManaged: "true" } }),
      resource("endpoints", "vpce-s3"),
      resource("instances", "i-karpenter"),
      resource("instances", "i-core", { tags: { "eks:nodegroup-name": "core" } }),
      resource("eks-node-groups", "dandihub/core"),
      resource("eks-clusters", "dandihub", { arn: "arn:cluster" }),
      resource("security-groups", "sg-eks", { partOf: ["vpc-1", "arn:cluster"] }),
      resource("security-groups", "sg-stray", { partOf: ["vpc-1"] }),
      resource("instances", "i-stranger", { state: "conflict" }),
      resource("volumes", "vol-1"),
      homes,
    ];
    const known = new Set(["vpce-s3", "dandihub:core"]);
    expect(findBlockers(inventory(found), known).map((one) => one.id)).toEqual([
      "eni-left",
      "vpce-guardduty",
      "i-karpenter",
      "sg-stray",
    ]);
  });

  it("are strangers, too, with what they hold, but not AWS's own interfaces for us", () => {
    const inUse = (thing: string, facts: Record<string, string>) =>
      resource("network-interfaces", thing, {
        facts: { status: "in-use", subnet: "subnet-1", groups: "", instance: "", description: "", ...facts },
      });
    const found = inventory([
      resource("vpcs", "vpc-1"),
      resource("gateways", "igw-1"),
      resource("instances", "i-core"),
      resource("load-balancers", "theirs", { state: "conflict", arn: "arn:aws:elb:loadbalancer/net/theirs/1" }),
      resource("nat-gateways", "nat-1", { facts: { interface: "eni-nat" } }),
      inUse("eni-nat", {}),
      inUse("eni-core", { instance: "i-core" }),
      inUse("eni-eks", { description: "Amazon EKS dandihub" }),
      inUse("eni-own-balancer", { description: "ELB net/ours/2" }),
      inUse("eni-their-balancer", { description: "ELB net/theirs/1", subnet: "subnet-2" }),
      inUse("eni-database", { description: "RDSNetworkInterface", groups: "sg-1" }),
    ]);
    const holders = findHolders(found);
    expect(holders.map(({ what }) => what)).toEqual([
      "the load balancer theirs",
      "the network interface eni-database (RDSNetworkInterface)",
    ]);
    expect([...heldBy(holders, found)].sort()).toEqual(["igw-1", "sg-1", "subnet-1", "subnet-2", "vpc-1"]);
    expect(heldBy([], found).size).toBe(0);
  });
});

describe("countByCategory", () => {
  it.each([
    ["vpcs", "1 VPC", "2 VPCs"],
    ["volumes", "1 volume", "2 volumes"],
    ["image-repositories", "1 image repository", "2 image repositories"],
    ["kms-aliases", "1 KMS alias", "2 KMS aliases"],
    ["elastic-ips", "1 elastic IP", "2 elastic IPs"],
    ["eks-pod-identities", "1 EKS Pod Identity association", "2 EKS Pod Identity associations"],
    ["access-points", "1 access point", "2 access points"],
    ["security-group-rules", "1 security group rule in others' groups", "2 security group rules in others' groups"],
  ] as const)("of %s", (category, one, two) => {
    const thing = resource(category, "x");
    expect(countByCategory([thing])).toBe(one);
    expect(countByCategory([thing, thing])).toBe(two);
  });
});
