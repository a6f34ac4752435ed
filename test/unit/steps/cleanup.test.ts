import { DeleteMountTargetCommand, DescribeMountTargetsCommand } from "@aws-sdk/client-efs";
import { DescribeClusterCommand, ListNodegroupsCommand } from "@aws-sdk/client-eks";
import {
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { DescribeNetworkInterfacesCommand } from "@aws-sdk/client-ec2";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Resource } from "../../../src/aws/inventory/resource.ts";
import { hub } from "../../../src/releases/hub.ts";
import { removeClaims } from "../../../src/steps/cleanup/claims.ts";
import { asCleanup, type DataChoice } from "../../../src/steps/cleanup/cleanup.ts";
import { destroyStack } from "../../../src/steps/cleanup/destroy-stack.ts";
import { removeLoadBalancer } from "../../../src/steps/cleanup/load-balancer.ts";
import { removeMountTargets } from "../../../src/steps/cleanup/mount-targets.ts";
import { stopServers } from "../../../src/steps/cleanup/stop-servers.ts";
import { uninstallRelease } from "../../../src/steps/cleanup/uninstall-release.ts";
import { removeUserNodes } from "../../../src/steps/cleanup/user-nodes.ts";
import { cleanupSteps } from "../../../src/steps/index.ts";
import { turnsOf } from "../../../src/engine/step.ts";
import { emptyPlan } from "../../../src/tools/terraform-plan.ts";
import type { ExpectedCall } from "../../helpers/fake-exec.ts";
import { fakeInstallation, fakeStack, mockAws, runChecked } from "../../helpers/installation.ts";

/** What AWS shows, one list for each time it is asked; the last one for ever. */
let inventories: Resource[][] = [];
vi.mock("../../../src/aws/inventory/index.ts", () => ({
  takeInventory: () => {
    const resources = (inventories.length > 1 ? inventories.shift() : inventories[0]) ?? [];
    return Promise.resolve({ account: "", region: "", world: { clusters: [], records: [] }, resources, unknown: [] });
  },
}));

// Between two looks nothing is waited for.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const id = "3f1c9a52";
const aws = mockAws();
const ready: ExpectedCall = { command: { file: "kubectl", args: expect.arrayContaining(["/readyz"]) as string[] } };

function kubectl(verb: string, resource: string, names?: readonly string[]): ExpectedCall {
  const args = expect.arrayContaining([verb, resource]) as string[];
  const items = names?.map((name) => ({ metadata: { name } }));
  return { command: { file: "kubectl", args }, ...(items === undefined ? {} : { stdout: JSON.stringify({ items }) }) };
}

function cleanup(calls: readonly ExpectedCall[] = [], options: Parameters<typeof fakeInstallation>[0] = {}) {
  const installation = fakeInstallation({ calls, ...options });
  return Object.assign(asCleanup(installation, { data: "delete", id }), { exec: installation.exec });
}

function clusterWithId(value: string): void {
  const cluster = { name: "dandihub", status: "ACTIVE", tags: { "hubctl:id": value } } as const;
  aws.eks.on(DescribeClusterCommand).resolves({ cluster });
}

function resource(category: Resource["category"], thing: string, rest: Partial<Resource> = {}): Resource {
  const owners = [{ id, deployment: "dandihub" }];
  const common = { tags: {}, evidence: "", region: "us-east-2", stack: "cluster", state: "orphan" } as const;
  return { category, id: thing, owners, ...common, ...rest };
}

beforeEach(() => {
  inventories = [];
  clusterWithId(id);
});

describe("a step inside the cluster", () => {
  it("has nothing to do when the cluster is gone", async () => {
    const gone = Object.assign(new Error("No cluster found"), { name: "ResourceNotFoundException" });
    aws.eks.on(DescribeClusterCommand).rejects(gone);
    expect(await stopServers.check(cleanup())).toEqual({ done: "there is no cluster" });
  });

  it("is looked for when Terraform of a killed run has come to its end, and without beginning Terraform", async () => {
    const follow = vi.fn(() => {
      expect(aws.eks.commandCalls(DescribeClusterCommand)).toHaveLength(0);
      return Promise.resolve();
    });
    const prepare = vi.fn();
    const stacks = { storage: fakeStack([]), cluster: { ...fakeStack([]), follow, prepare } };
    expect(await cleanup([ready], { stacks }).reach()).toMatchObject({ kind: "ok" });
    expect(follow).toHaveBeenCalledOnce();
    expect(prepare).not.toHaveBeenCalled();
  });

  it("never touches a namesake", async () => {
    clusterWithId("ffffffff");
    const asked = cleanup();
    for (const step of [stopServers, removeClaims, removeUserNodes, uninstallRelease(hub, { title: "" })]) {
      expect(await step.check(asked)).toEqual({ done: "the cluster named dandihub is not this deployment's" });
    }
    expect(asked.exec.calls).toEqual([]);
  });

  it("has nothing to ask where the cluster does not answer, which is asked three times", async () => {
    const silent = { ...ready, exitCode: 1, stderr: "dial tcp: i/o timeout" };
    const asked = cleanup([silent, silent, silent]);
    expect(await stopServers.check(asked)).toEqual({ done: "the cluster does not answer (dial tcp: i/o timeout)" });
    expect(await asked.reach()).toMatchObject({ kind: "unreachable" });
    asked.exec.expectAllCalled();
  });

  it("asks a cluster that answers only the second time", async () => {
    const silent = { ...ready, exitCode: 1, stderr: "EOF" };
    const asked = cleanup([silent, ready, kubectl("get", "pods", []), kubectl("get", "deployment", [])]);
    expect(await stopServers.check(asked)).toEqual({ done: "no hub and no servers" });
  });
});

describe("stop-servers", () => {
  it("closes the hub first, then waits until the last server is gone", async () => {
    const context = cleanup([
      ready,
      kubectl("get", "pods", ["jupyter-ada", "jupyter-grace"]),
      kubectl("get", "deployment", ["hub", "proxy"]),
      { command: { file: "kubectl", args: expect.arrayContaining(["scale", "hub", "--replicas=0"]) as string[] } },
      { command: { file: "kubectl", args: expect.arrayContaining(["scale", "proxy", "--replicas=0"]) as string[] } },
      kubectl("get", "pods", ["hub-1"]),
      kubectl("get", "pods", []),
      kubectl("delete", "pods"),
      kubectl("get", "pods", ["jupyter-grace"]),
      kubectl("get", "pods", []),
    ]);
    const { change } = await runChecked(stopServers, context);
    expect(change).toContain("2 servers run now (jupyter-ada, jupyter-grace)");
    context.exec.expectAllCalled();
  });
});

describe("remove-load-balancer", () => {
  const arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/net/a1/b2";
  const group = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/k8s/c3";
  const foreign = "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/net/theirs/d4";

  function answer(loadBalancers: string[], targetGroups: string[]): void {
    aws.elb.on(DescribeLoadBalancersCommand).resolves({
      LoadBalancers: loadBalancers.map((LoadBalancerArn) => ({ LoadBalancerArn })),
    });
    aws.elb.on(DescribeTargetGroupsCommand).resolves({
      TargetGroups: targetGroups.map((TargetGroupArn) => ({ TargetGroupArn })),
    });
  }

  beforeEach(() => {
    aws.ec2.on(DescribeNetworkInterfacesCommand).resolves({ NetworkInterfaces: [] });
    aws.elb.on(DescribeTagsCommand).callsFake(({ ResourceArns = [] }: { ResourceArns?: string[] }) => ({
      TagDescriptions: ResourceArns.map((ResourceArn) => ({
        ResourceArn,
        Tags: [{ Key: "hubctl:id", Value: ResourceArn === foreign ? "ffffffff" : id }],
      })),
    }));
  });

  it("has nothing to do with others' load balancers", async () => {
    answer([foreign], []);
    expect(await removeLoadBalancer.check(cleanup())).toEqual({ done: "none" });
  });

  it("deletes the Service, and itself the target group that its controller forgot", async () => {
    answer([arn, foreign], [group]);
    const context = cleanup([ready, kubectl("delete", "service")]);
    const found = await removeLoadBalancer.check(context);
    expect(found).toMatchObject({ change: "1 load balancer, 1 target group" });
    answer([foreign], [group]);
    aws.elb.on(DeleteTargetGroupCommand).callsFake(() => {
      answer([foreign], []);
      return {};
    });
    await removeLoadBalancer.run(context, (found as { plan: unknown }).plan, {
      progress: () => undefined,
      note: () => undefined,
    });
    expect(aws.elb.commandCalls(DeleteTargetGroupCommand).map(({ args }) => args[0].input)).toEqual([
      { TargetGroupArn: group },
    ]);
    expect(aws.elb.commandCalls(DeleteLoadBalancerCommand)).toEqual([]);
    context.exec.expectAllCalled();
  });

  it("deletes the load balancer itself when there is no cluster any more", async () => {
    const gone = Object.assign(new Error("No cluster found"), { name: "ResourceNotFoundException" });
    aws.eks.on(DescribeClusterCommand).rejects(gone);
    answer([arn], []);
    aws.elb.on(DeleteLoadBalancerCommand).callsFake(() => {
      answer([], []);
      return {};
    });
    await runChecked(removeLoadBalancer, cleanup());
    expect(aws.elb.commandCalls(DeleteLoadBalancerCommand)).toHaveLength(1);
  });
});

describe("remove-claims", () => {
  it("waits for the disks, in AWS as well, not for the file system's volumes", async () => {
    const disk = resource("volumes", "vol-1", { tags: { "kubernetes.io/created-for/pvc/name": "hub-db-dir" } });
    const nodes = resource("volumes", "vol-2");
    inventories = [[disk, nodes], [nodes]];
    const context = cleanup([
      ready,
      kubectl("get", "persistentvolumeclaims", ["home", "hub-db-dir"]),
      kubectl("delete", "persistentvolumeclaims"),
      kubectl("delete", "cronjobs,jobs,pods"),
      kubectl("get", "persistentvolumes", ["pvc-1", "dandihub-home"]),
      kubectl("get", "persistentvolumeclaims", []),
      kubectl("get", "persistentvolumes", ["dandihub-home"]),
      kubectl("get", "persistentvolumeclaims", []),
    ]);
    expect((await runChecked(removeClaims, context)).progress).toEqual(["pvc-1", "", "vol-1", ""]);
    context.exec.expectAllCalled();
  });
});

describe("remove-user-nodes", () => {
  it("has nothing to do where Karpenter's definitions are gone", async () => {
    const missing = kubectl("get", "customresourcedefinitions");
    expect(await removeUserNodes.check(cleanup([ready, missing, missing, missing]))).toEqual({
      done: "no node pools and no nodes",
    });
  });
});

describe("remove-mount-targets", () => {
  beforeEach(() => {
    inventories = [
      [
        resource("file-systems", "fs-1", { stack: "storage" }),
        resource("file-systems", "fs-2", { stack: "storage", state: "conflict" }),
      ],
    ];
  });

  it("deletes them and waits until they are gone; one that is gone meanwhile is no failure", async () => {
    const present = [{ MountTargetId: "fsmt-1" }, { MountTargetId: "fsmt-2" }] as never;
    aws.efs
      .on(DescribeMountTargetsCommand)
      .resolvesOnce({ MountTargets: present })
      .resolvesOnce({ MountTargets: present })
      .resolves({ MountTargets: [] });
    const gone = Object.assign(new Error("gone"), { name: "MountTargetNotFound" });
    aws.efs.on(DeleteMountTargetCommand, { MountTargetId: "fsmt-1" }).resolves({});
    aws.efs.on(DeleteMountTargetCommand, { MountTargetId: "fsmt-2" }).rejects(gone);
    expect((await runChecked(removeMountTargets, cleanup())).change).toBe("2 mount targets");
    expect(aws.efs.commandCalls(DeleteMountTargetCommand)).toHaveLength(2);
    const asked = aws.efs.commandCalls(DescribeMountTargetsCommand).map(({ args: [{ input }] }) => input.FileSystemId);
    expect(new Set(asked)).toEqual(new Set(["fs-1"]));
  });

  it("has nothing to do without a file system", async () => {
    inventories = [];
    expect(await removeMountTargets.check(cleanup())).toEqual({ done: "there is no file system" });
  });
});

describe("destroy-cluster-stack", () => {
  const change = { address: "aws_vpc.this", type: "aws_vpc", forcedBy: [] };
  const planned = { ...emptyPlan(), delete: [change], isEmpty: false };

  beforeEach(() => {
    const gone = Object.assign(new Error("No cluster found"), { name: "ResourceNotFoundException" });
    aws.eks.on(DescribeClusterCommand).rejects(gone).on(ListNodegroupsCommand).rejects(gone);
    aws.s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: "deployments/dandihub/cluster/terraform.tfstate" }] });
  });

  it("has nothing to do, and begins no state, once all of that is gone", async () => {
    aws.s3.on(ListObjectsV2Command).resolves({});
    const cluster = fakeStack([planned]);
    const context = cleanup([], { stacks: { storage: fakeStack([]), cluster } });
    expect(await destroyStack("cluster", { title: "" }).check(context)).toEqual({
      done: "nothing is left of its state",
    });
    expect(cluster.log).toEqual([]);
  });

  it("waits for a cluster that an earlier run began to make", async () => {
    const statuses = ["CREATING", "CREATING", "ACTIVE"] as const;
    let asked = 0;
    aws.eks.on(DescribeClusterCommand).callsFake(() => ({ cluster: { status: statuses[asked++] ?? "ACTIVE" } }));
    const cluster = fakeStack([planned]);
    const context = cleanup([], { stacks: { storage: fakeStack([]), cluster } });
    const { progress } = await runChecked(destroyStack("cluster", { title: "" }), context);
    expect(progress).toEqual(Array(2).fill("waiting for the end of what an earlier run began"));
    expect(cluster.log.at(-1)).toBe("apply plan-1");
  });

  it("leaves out what a stranger's machine holds, and says so", async () => {
    const held = [
      { address: "aws_subnet.a", type: "aws_subnet", id: "subnet-1", forcedBy: [] },
      { ...change, id: "vpc-1" },
    ];
    const free = { address: "aws_subnet.b", type: "aws_subnet", id: "subnet-2", forcedBy: [] };
    inventories = [
      [
        resource("vpcs", "vpc-1"),
        resource("instances", "i-1", { state: "conflict", name: "their-database" }),
        resource("network-interfaces", "eni-1", {
          facts: { status: "in-use", subnet: "subnet-1", instance: "i-1", groups: "", description: "" },
        }),
      ],
    ];
    const whole = { ...planned, delete: [...held, free] };
    const cluster = fakeStack([whole, { ...planned, delete: [free] }]);
    const context = cleanup([], { stacks: { storage: fakeStack([]), cluster } });
    const { change: told } = await runChecked(destroyStack("cluster", { title: "" }), context);
    expect(told).toBe("1 to delete");
    expect(cluster.log).toEqual(["plan to destroy", "plan to destroy aws_subnet.b", "apply plan-2"]);
  });

  it("applies the plan that was shown", async () => {
    const cluster = fakeStack([planned]);
    const context = cleanup([], { stacks: { storage: fakeStack([]), cluster } });
    expect((await runChecked(destroyStack("cluster", { title: "" }), context)).change).toBe("1 to delete");
    expect(cluster.log).toEqual(["plan to destroy", "apply plan-1"]);
  });

  it("has nothing to do without a state bucket", async () => {
    const context = cleanup([], { answers: { stateBucketReady: false } });
    expect(await destroyStack("cluster", { title: "" }).check(context)).toEqual({ done: "there is no state" });
  });
});

describe("the steps of a cleanup", () => {
  const ids = (data: DataChoice) =>
    turnsOf(cleanupSteps(data))
      .flat()
      .map((step) => step.id);

  it("destroy the storage only if the data is to go, and after all else", () => {
    expect(ids("keep")).not.toContain("destroy-storage-stack");
    expect(ids("keep")).not.toContain("sweep-storage");
    const last = ["end-pause", "destroy-storage-stack", "sweep-storage", "prove-empty", "remove-state"];
    expect(ids("delete").slice(-5)).toEqual(last);
  });

  it("go on without a step that fails, but not without the copy of the accounts or the proof", () => {
    const steps = turnsOf(cleanupSteps("keep")).flat();
    const vital = steps.filter((step) => !("goOnAfter" in step)).map((step) => step.id);
    expect(vital).toEqual([
      "check-tools",
      "check-login",
      "take-lock",
      "copy-hub-database",
      "prove-empty",
      "remove-state",
    ]);
  });

  it("take away what a controller must let go before the controller", () => {
    const order = ids("keep");
    const before = (first: string, second: string) => expect(order.indexOf(first)).toBeLessThan(order.indexOf(second));
    before("stop-servers", "copy-hub-database");
    before("copy-hub-database", "remove-load-balancer");
    before("remove-load-balancer", "uninstall-hub");
    before("uninstall-platform", "remove-namespaces");
    before("remove-claims", "destroy-cluster-stack");
    before("remove-user-nodes", "uninstall-karpenter");
    before("uninstall-karpenter", "uninstall-karpenter-crd");
    before("remove-mount-targets", "destroy-cluster-stack");
  });
});
