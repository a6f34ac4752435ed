import {
  CreateMountTargetCommand,
  DescribeMountTargetsCommand,
  DescribeMountTargetSecurityGroupsCommand,
  ModifyMountTargetSecurityGroupsCommand,
  type LifeCycleState,
} from "@aws-sdk/client-efs";
import { expect, it, vi } from "vitest";
import { mountTargets } from "../../../src/steps/mount-targets.ts";
import { fakeInstallation, mockAws, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

// Between two looks nothing is waited for.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const aws = mockAws();
const ours = "sg-0123456789abcdef1";

function targets(states: readonly LifeCycleState[], vpc = "vpc-0123456789abcdef0") {
  return {
    MountTargets: states.map((LifeCycleState, index) => ({
      MountTargetId: `fsmt-${index + 1}`,
      FileSystemId: "fs-0123456789abcdef0",
      SubnetId: ["subnet-0aaa", "subnet-0bbb"][index],
      AvailabilityZoneName: ["us-east-2a", "us-east-2b"][index],
      VpcId: vpc,
      LifeCycleState,
    })),
  };
}
const groups = (...SecurityGroups: string[]) =>
  aws.efs.on(DescribeMountTargetSecurityGroupsCommand).resolves({ SecurityGroups });

it.each(["storageOutputs", "clusterOutputs"] as const)("are unknown without %s", async (name) => {
  const installation = fakeInstallation({ answers: { [name]: undefined } });
  expect(await mountTargets.check(installation)).toEqual({ unknown: "known once file system and VPC exist" });
});

it("are done when each zone has one, with our security group", async () => {
  aws.efs.on(DescribeMountTargetsCommand).resolves(targets(["available", "available"]));
  groups(ours);
  expect(await mountTargets.check(fakeInstallation())).toEqual({ done: "2 mount targets" });
});

it("are made where there are none, and waited for", async () => {
  aws.efs
    .on(DescribeMountTargetsCommand)
    .resolvesOnce({})
    .resolvesOnce({})
    .resolvesOnce(targets(["available", "creating"]))
    .resolves(targets(["available", "available"]));
  const { change, progress } = await runChecked(mountTargets, fakeInstallation());
  expect(change).toBe("one mount target in each of 2 zones");
  expect(aws.efs.commandCalls(CreateMountTargetCommand).map(({ args }) => args[0].input)).toEqual(
    ["subnet-0aaa", "subnet-0bbb"].map((SubnetId) => ({
      FileSystemId: "fs-0123456789abcdef0",
      SubnetId,
      SecurityGroups: [ours],
    })),
  );
  expect(progress).toEqual(["fsmt-2 creating", ""]);
});

it("that an interrupted run began are completed and waited for, none is made twice", async () => {
  aws.efs
    .on(DescribeMountTargetsCommand)
    .resolvesOnce(targets(["creating"]))
    .resolvesOnce(targets(["creating"]))
    .resolves(targets(["available", "available"]));
  groups(ours);
  await runChecked(mountTargets, fakeInstallation());
  const made = aws.efs.commandCalls(CreateMountTargetCommand);
  expect(made.map(({ args }) => args[0].input.SubnetId)).toEqual(["subnet-0bbb"]);
});

it("are one in each zone, even if another of its subnets holds it already", async () => {
  const { cluster } = releaseInputs();
  const subnet_by_zone = { "us-east-2a": "subnet-0ddd", "us-east-2b": "subnet-0bbb" };
  const private_subnet_ids = ["subnet-0ddd", "subnet-0aaa", "subnet-0bbb", "subnet-0ccc"];
  aws.efs
    .on(DescribeMountTargetsCommand)
    .resolvesOnce(targets(["available"]))
    .resolvesOnce(targets(["available"]))
    .resolves(targets(["available", "available"]));
  groups(ours);
  const answers = { clusterOutputs: { ...cluster, subnet_by_zone, private_subnet_ids } };
  await runChecked(mountTargets, fakeInstallation({ answers }));
  const made = aws.efs.commandCalls(CreateMountTargetCommand);
  expect(made.map(({ args }) => args[0].input.SubnetId)).toEqual(["subnet-0bbb"]);
});

it("with another security group get ours", async () => {
  aws.efs.on(DescribeMountTargetsCommand).resolves(targets(["available", "available"]));
  groups("sg-default");
  await runChecked(mountTargets, fakeInstallation());
  const [call] = aws.efs.commandCalls(ModifyMountTargetSecurityGroupsCommand);
  expect(call!.args[0].input).toEqual({ MountTargetId: "fsmt-1", SecurityGroups: [ours] });
  expect(aws.efs.commandCalls(CreateMountTargetCommand)).toEqual([]);
});

it("in another VPC are refused: EFS allows one at a time", async () => {
  aws.efs.on(DescribeMountTargetsCommand).resolves(targets(["available"], "vpc-other"));
  await expect(mountTargets.check(fakeInstallation())).rejects.toMatchObject({
    code: "MountTargetsElsewhere",
    exitCode: 2,
    message: "the file system fs-0123456789abcdef0 is attached to the VPC vpc-other, not to vpc-0123456789abcdef0",
  });
});

it("that EFS failed to make are an error that tells how to go on", async () => {
  aws.efs.on(DescribeMountTargetsCommand).resolves(targets(["available", "error"]));
  groups(ours);
  await expect(mountTargets.check(fakeInstallation())).rejects.toMatchObject({
    code: "MountTargetFailed",
    hint: expect.stringContaining("aws efs delete-mount-target --mount-target-id fsmt-2") as string,
  });
});
