import {
  DescribeAddonVersionsCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeInsightCommand,
  DescribeNodegroupCommand,
  ListInsightsCommand,
  ListNodegroupsCommand,
} from "@aws-sdk/client-eks";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, expect, test } from "vitest";
import type { HubLock } from "../../../src/config/hub-lock.ts";
import { eksUpdates } from "../../../src/steps/eks-updates.ts";
import { versionsFit } from "../../../src/steps/versions-fit.ts";
import { fakeInstallation, mockAws, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const aws = mockAws();
const ssm = mockClient(SSMClient);
const { lock: plain } = releaseInputs();
const charts = { jupyterhub: "4.4.0", karpenter: "1.14.1", "karpenter-crd": "1.14.1" };
const recorded: HubLock = { ...plain, kubernetes: "1.35", charts };
const moved: HubLock = { ...recorded, kubernetes: "1.36" };

function runs(version: string, status = "ACTIVE") {
  const tags = { "hubctl:id": plain.id };
  aws.eks
    .on(DescribeClusterCommand)
    .resolves({ cluster: { name: "dandihub", version, status: status as never, tags } });
}

function nodes(kubelet: string): string {
  const status = { nodeInfo: { kubeletVersion: kubelet } };
  return JSON.stringify({ items: [{ metadata: { name: "ip-10-0-1-1" }, status }] });
}

const kubectl = (...words: string[]) => ({ file: "kubectl", args: expect.arrayContaining(words) as string[] });

const asked = (kubelet = "v1.35.5-eks-1", metrics = "") => [
  { command: kubectl("get", "nodes"), stdout: nodes(kubelet) },
  { command: kubectl("get", "--raw", "/metrics"), stdout: metrics },
];

beforeEach(() => {
  ssm.reset();
  runs("1.35");
  aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core-20261121", "other"] });
  aws.eks.on(DescribeNodegroupCommand).resolves({ nodegroup: { nodegroupName: "core-20261121", version: "1.35" } });
  aws.eks.on(ListInsightsCommand).resolves({ insights: [] });
  aws.eks.on(DescribeClusterVersionsCommand).resolves({
    clusterVersions: ["1.36", "1.35"].map((clusterVersion) => ({ clusterVersion, versionStatus: "STANDARD_SUPPORT" })),
  });
  aws.eks
    .on(DescribeAddonVersionsCommand)
    .resolves({ addons: [{ addonVersions: [{ addonVersion: "v1", compatibilities: [{ defaultVersion: true }] }] }] });
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: "1.36.1-20261110" } });
});

test("a lock file that says what runs is not looked into further", async () => {
  const installation = fakeInstallation({ answers: { lock: { lock: recorded, recorded: true } } });
  expect(await versionsFit.check(installation)).toEqual({ done: "Kubernetes 1.35" });
});

test("before the first install, and beside somebody else's cluster, there is nothing that must fit", async () => {
  const first = fakeInstallation({ answers: { lock: { lock: moved, recorded: false } } });
  expect(await versionsFit.check(first)).toEqual({ done: "nothing runs yet" });
  aws.eks.on(DescribeClusterCommand).resolves({ cluster: { name: "dandihub", version: "1.30", tags: {} } });
  const foreign = fakeInstallation({ answers: { lock: { lock: moved, recorded: true } } });
  expect(await versionsFit.check(foreign)).toEqual({ done: "nothing runs yet" });
});

test("a move that nothing speaks against may go on", async () => {
  const answers = { lock: { lock: moved, recorded: true, replaces: recorded } };
  const installation = fakeInstallation({ calls: asked(), answers });
  expect(await versionsFit.check(installation)).toEqual({ done: "ready for Kubernetes 1.36" });
  expect(installation.notes).toEqual([]);
});

test("all that speaks against a move is told at once, and nothing is touched", async () => {
  aws.eks.on(ListInsightsCommand).resolves({ insights: [{ id: "1", insightStatus: { status: "ERROR" } }] });
  aws.eks.on(DescribeInsightCommand).resolves({
    insight: { name: "EKS add-on version compatibility", insightStatus: { status: "ERROR", reason: "coredns is old" } },
  });
  const answers = { lock: { lock: moved, recorded: true, replaces: recorded } };
  const installation = fakeInstallation({ calls: asked("v1.32.0-eks-1"), answers });
  await expect(versionsFit.check(installation)).rejects.toMatchObject({
    code: "VersionsDoNotFit",
    exitCode: 2,
    message: expect.stringContaining("(and 1 more); nothing was touched") as unknown,
    output: expect.stringMatching(/ip-10-0-1-1 \(v1\.32\.0-eks-1\)[^]*coredns is old/) as unknown,
  });
});

test("what only warns is said, and does not hold the move up", async () => {
  aws.eks.on(ListInsightsCommand).resolves({ insights: [{ id: "1", insightStatus: { status: "WARNING" } }] });
  aws.eks.on(DescribeInsightCommand).resolves({
    insight: {
      name: "Kubelet version skew",
      insightStatus: { status: "WARNING", reason: "soon" },
      recommendation: "go",
    },
  });
  const answers = { lock: { lock: moved, recorded: true, replaces: recorded } };
  const installation = fakeInstallation({ calls: asked(), answers });
  expect(await versionsFit.check(installation)).toHaveProperty("done");
  expect(installation.notes).toEqual(['! EKS says "Kubelet version skew": soon; go']);
});

test("a chart whose changes the deployment's own values have not followed is refused", async () => {
  const before = { ...recorded, charts: { ...charts, jupyterhub: "3.3.8" } };
  const { config } = releaseInputs();
  const values = { singleuser: { storage: { static: { subPath: "{username}" } } } };
  const installation = fakeInstallation({
    config: { ...config, hub: { values, extraConfig: {} } },
    answers: { lock: { lock: recorded, recorded: true, replaces: before } },
  });
  await expect(versionsFit.check(installation)).rejects.toThrow(/singleuser\.storage\.static\.subPath/);
});

test("going back to an older Kubernetes is refused before anything is recorded", async () => {
  const answers = { lock: { lock: { ...recorded, kubernetes: "1.34" }, recorded: true, replaces: recorded } };
  const installation = fakeInstallation({ calls: asked(), answers });
  await expect(versionsFit.check(installation)).rejects.toThrow(/EKS has no way back to 1\.34/);
});

test("core nodes that somebody else has given a newer image than the recorded one are not taken back", async () => {
  const nodeImage = { release: "1.35.5-20261023", alias: "al2023@v20261023" };
  const fit = (release: string) => {
    aws.eks.on(DescribeNodegroupCommand).resolves({ nodegroup: { nodegroupName: "core-1", releaseVersion: release } });
    const answers = { lock: { lock: { ...recorded, nodeImage }, recorded: true } };
    return versionsFit.check(fakeInstallation({ answers }));
  };
  await expect(fit("1.35.5-20261110")).rejects.toMatchObject({
    code: "VersionsDoNotFit",
    hint: "hubctl update --upgrade nodes --deployment dandihub",
  });
  expect(await fit("1.35.5-20261023")).toHaveProperty("done");
  expect(await fit("1.35.3-20260504")).toHaveProperty("done");
});

test("an update that EKS has begun is waited for, of the control plane and of the core nodes", async () => {
  const installation = fakeInstallation();
  const answers = ["UPDATING", "ACTIVE"] as const;
  let looks = 0;
  aws.eks.on(DescribeNodegroupCommand).callsFake(() => {
    const status = answers[looks++] ?? "ACTIVE";
    return { nodegroup: { nodegroupName: "core-1", status } };
  });
  const { change, progress } = await runChecked(eksUpdates, installation);
  expect(change).toBe("the node group core-1 is being updated");
  expect(progress).toEqual([""]);
  expect(installation.forget).toHaveBeenCalled();
  expect(await eksUpdates.check(installation)).toEqual({ done: "EKS is changing nothing" });
  runs("1.35", "UPDATING");
  expect(await eksUpdates.check(installation)).toMatchObject({ change: "the control plane is being updated" });
});
