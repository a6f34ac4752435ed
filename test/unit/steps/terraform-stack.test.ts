import { DescribeMountTargetsCommand } from "@aws-sdk/client-efs";
import { DescribeClusterCommand, DescribeNodegroupCommand, ListNodegroupsCommand } from "@aws-sdk/client-eks";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ObjectChange } from "../../../src/engine/object-change.ts";
import { clusterStack } from "../../../src/steps/cluster-stack.ts";
import { createGuard } from "../../../src/steps/guard.ts";
import { storageStack } from "../../../src/steps/storage-stack.ts";
import {
  awsError,
  changeOf,
  fakeInstallation,
  fakeStack,
  mockAws,
  planOf,
  runChecked,
} from "../../helpers/installation.ts";
import type { PlanSummary } from "../../../src/tools/terraform-plan.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

// Between two looks nothing is waited for.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const aws = mockAws();
beforeEach(() => {
  aws.eks.on(DescribeClusterCommand).rejects(awsError("ResourceNotFoundException", 404));
});
const { lock } = releaseInputs();
const ours = { name: "dandihub", tags: { "hubctl:id": lock.id } };
const tainted = "replace_because_tainted";

/** An installation whose cluster stack is planned like that, one plan after the other. */
function planned(...plans: PlanSummary[]) {
  const cluster = fakeStack(plans);
  return { cluster, installation: fakeInstallation({ stacks: { storage: fakeStack([]), cluster } }) };
}

describe("a stack", () => {
  it("without changes is done", async () => {
    expect(await storageStack.check(fakeInstallation())).toEqual({ done: "the plan is empty" });
  });

  it("is applied with exactly the plan that was checked", async () => {
    const storage = fakeStack([planOf({ create: [changeOf("aws_efs_file_system.homes")] })]);
    const installation = fakeInstallation({ stacks: { storage, cluster: fakeStack([]) } });
    expect((await runChecked(storageStack, installation)).change).toBe("1 to create");
    expect(storage.log).toEqual(["plan", "apply plan-1"]);
    expect(installation.forget).toHaveBeenCalled();
  });

  it("is not said to be created where it is there", async () => {
    const plans = () => fakeStack([planOf({ update: [changeOf("aws_efs_file_system.homes")] })]);
    const there = fakeInstallation({ stacks: { storage: plans(), cluster: fakeStack([]) } });
    const title = "Change what outlives a cluster: file system, secrets";
    expect(await storageStack.check(there)).toMatchObject({ change: "1 to change", title });
    const half = fakeInstallation({
      stacks: { storage: plans(), cluster: fakeStack([]) },
      answers: { storageOutputs: undefined },
    });
    expect(await storageStack.check(half)).not.toHaveProperty("title");
  });

  it("whose file system would go is not touched while that is attached, whatever was named", async () => {
    const plan = planOf({ replace: [{ ...changeOf("aws_efs_file_system.homes"), id: "fs-1" }] });
    const storage = fakeStack([plan, plan]);
    const guard = createGuard(["aws_efs_file_system.homes"]);
    const installation = fakeInstallation({ stacks: { storage, cluster: fakeStack([]) }, guard });
    const attached = {
      MountTargetId: "fsmt-1",
      FileSystemId: "fs-1",
      SubnetId: "subnet-1",
      LifeCycleState: "available",
    } as const;
    aws.efs
      .on(DescribeMountTargetsCommand)
      .resolvesOnce({ MountTargets: [attached] })
      .resolves({ MountTargets: [] });
    await expect(runChecked(storageStack, installation)).rejects.toMatchObject({
      code: "FileSystemAttached",
      exitCode: 2,
      hint: expect.stringContaining("hubctl cleanup --data keep --deployment dandihub") as string,
    });
    expect(storage.log).toEqual(["plan"]);
    await runChecked(storageStack, installation);
    expect(storage.log).toEqual(["plan", "plan", "apply plan-2"]);
  });

  it("that would replace the VPC is refused", async () => {
    const { installation, cluster } = planned(planOf({ replace: [changeOf("aws_vpc.this")] }));
    await expect(clusterStack.check(installation)).rejects.toMatchObject({ code: "PlanWouldDestroy", exitCode: 2 });
    expect(cluster.log).toEqual(["plan"]);
  });

  it("may hold new resources when it is planned again", async () => {
    const first = planOf({ create: [changeOf("aws_vpc.this")] });
    const second = planOf({ create: [changeOf("aws_vpc.this"), changeOf("aws_subnet.a")] });
    const { installation } = planned(first, second);
    await clusterStack.check(installation);
    expect(await clusterStack.check(installation)).toMatchObject({ change: "2 to create" });
  });

  it("that would change more than was shown is refused", async () => {
    const first = planOf({ update: [changeOf("aws_iam_role.node")] });
    const second = planOf({ update: [changeOf("aws_iam_role.node"), changeOf("aws_iam_role.cluster")] });
    const { installation } = planned(first, second);
    await clusterStack.check(installation);
    await expect(clusterStack.check(installation)).rejects.toMatchObject({
      code: "PlanChanged",
      exitCode: 2,
      message: "the plan has changed since it was shown: it would now also change aws_iam_role.cluster",
    });
  });

  it.each([
    ["replace", planOf({ replace: [changeOf("aws_iam_role.node", "replace_because_cannot_update")] })],
    ["delete", planOf({ delete: [changeOf("aws_iam_role.node")] })],
  ])("that would %s what was shown to change is refused", async (verb, second) => {
    const { installation } = planned(planOf({ update: [changeOf("aws_iam_role.node")] }), second);
    await clusterStack.check(installation);
    await expect(clusterStack.check(installation)).rejects.toMatchObject({
      code: "PlanChanged",
      message: `the plan has changed since it was shown: it would now also ${verb} aws_iam_role.node`,
    });
  });

  it("that would change more of a resource than was shown is refused, but not if it is less", async () => {
    const plan = planOf({ update: [changeOf("aws_iam_role.node")] });
    const changing = (...paths: string[]): ObjectChange => ({
      action: "change",
      type: "aws_iam_role",
      what: "aws_iam_role.node",
      attributes: paths.map((path) => ({ path, before: "a", after: "b" })),
      forcedBy: [],
    });
    const details = [[changing("tags.Project", "path")], [changing("path")], [changing("path", "description")]];
    const cluster = fakeStack([plan, plan, plan], details);
    const installation = fakeInstallation({ stacks: { storage: fakeStack([]), cluster } });
    await clusterStack.check(installation);
    expect(await clusterStack.check(installation)).toMatchObject({ change: "1 to change" });
    await expect(clusterStack.check(installation)).rejects.toMatchObject({
      code: "PlanChanged",
      message: "the plan has changed since it was shown: it would now also change description of aws_iam_role.node",
    });
  });

  it("may only have the deletion of what was shown to be replaced left", async () => {
    const { installation } = planned(
      planOf({ replace: [changeOf("aws_launch_template.core")] }),
      planOf({ delete: [changeOf("aws_launch_template.core")] }),
    );
    await clusterStack.check(installation);
    expect(await clusterStack.check(installation)).toMatchObject({ change: "1 to delete" });
  });

  it("may be shown a change and come to nothing", async () => {
    const { installation } = planned(planOf({ update: [changeOf("aws_iam_role.node")] }));
    await clusterStack.check(installation);
    expect(await clusterStack.check(installation)).toEqual({ done: "the plan is empty" });
  });

  it("may make anew what a failed attempt of this run could not finish", async () => {
    const first = planOf({ create: [changeOf("aws_iam_role.node")] });
    const { installation } = planned(first, planOf({ replace: [changeOf("aws_iam_role.node", tainted)] }));
    await clusterStack.check(installation);
    expect(await clusterStack.check(installation)).toMatchObject({ change: "1 to replace" });
  });
});

describe("an EKS cluster of the same name", () => {
  it("that is not this deployment's is refused before anything is planned", async () => {
    aws.eks.on(DescribeClusterCommand).resolves({ cluster: { name: "dandihub", tags: {} } });
    const { installation, cluster } = planned();
    await expect(clusterStack.check(installation)).rejects.toMatchObject({ code: "ForeignCluster", exitCode: 2 });
    expect(cluster.log).toEqual([]);
  });

  it("is refused at a first install even if it has the id that was drawn just now", async () => {
    aws.eks.on(DescribeClusterCommand).resolves({ cluster: ours });
    const installation = fakeInstallation({ answers: { lock: { lock, recorded: false } } });
    await expect(clusterStack.check(installation)).rejects.toMatchObject({ code: "ForeignCluster" });
  });

  it("that is this deployment's goes on", async () => {
    aws.eks.on(DescribeClusterCommand).resolves({ cluster: ours });
    expect(await clusterStack.check(fakeInstallation())).toEqual({ done: "the plan is empty" });
  });
});

describe("what an interrupted run left half made", () => {
  const cluster = planOf({ replace: [changeOf("aws_eks_cluster.this", tainted)] });
  const group = planOf({ replace: [changeOf("aws_eks_node_group.core", tainted)] });
  const status = (value: "CREATING" | "ACTIVE" | "FAILED") => ({ cluster: { ...ours, status: value } });

  it("is waited for, kept, and planned anew without it", async () => {
    aws.eks
      .on(DescribeClusterCommand)
      .resolvesOnce(status("CREATING"))
      .resolvesOnce(status("CREATING"))
      .resolvesOnce(status("CREATING"))
      .resolves(status("ACTIVE"));
    const { installation, cluster: stack } = planned(cluster);
    expect(await clusterStack.check(installation)).toEqual({ done: "the plan is empty" });
    expect(stack.log).toEqual(["plan", "untaint aws_eks_cluster.this", "plan"]);
    expect(installation.notes).toEqual(["waiting for aws_eks_cluster.this, which an interrupted run began to create"]);
  });

  it("is told of by a plan that only looks, which leaves it as it is", async () => {
    const { installation, cluster: stack } = planned(cluster);
    const reading = { ...installation, isReading: true };
    expect(await clusterStack.check(reading)).toMatchObject({ change: "1 to replace" });
    expect(stack.log).toEqual(["plan"]);
    expect(installation.notes).toEqual([
      "! an interrupted run did not see the end of aws_eks_cluster.this: the next run keeps what AWS has finished since, and this plan shows it as made anew",
    ]);
    expect(installation.guard.losses).toEqual([]);
  });

  it("is made anew when AWS says that its creation failed", async () => {
    aws.eks.on(DescribeClusterCommand).resolves(status("FAILED"));
    const { installation, cluster: stack } = planned(cluster);
    expect(await clusterStack.check(installation)).toMatchObject({ change: "1 to replace" });
    expect(stack.log).toEqual(["plan"]);
  });

  it("is made anew when it is gone: there is nothing to keep", async () => {
    aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: [] });
    const { installation } = planned(group);
    expect(await clusterStack.check(installation)).toMatchObject({ change: "1 to replace" });
  });

  it("is kept when it is a VPC, which exists once it has an id", async () => {
    const { installation, cluster: stack } = planned(planOf({ replace: [changeOf("aws_vpc.this", tainted)] }));
    expect(await clusterStack.check(installation)).toEqual({ done: "the plan is empty" });
    expect(stack.log).toContain("untaint aws_vpc.this");
  });

  it("does not excuse a replacement for another reason", async () => {
    aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core-2026"] });
    aws.eks.on(DescribeNodegroupCommand).resolves({ nodegroup: { status: "CREATE_FAILED" } });
    const both = { replace: [...group.replace, changeOf("aws_subnet.private", "replace_because_cannot_update")] };
    const { installation } = planned(planOf(both));
    await expect(clusterStack.check(installation)).rejects.toMatchObject({
      code: "PlanWouldDestroy",
      output: "replace the subnet aws_subnet.private (replace because cannot update)",
    });
  });
});
