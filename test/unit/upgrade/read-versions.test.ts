import {
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeNodegroupCommand,
  EKSClient,
  ListNodegroupsCommand,
} from "@aws-sdk/client-eks";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, test } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { UserError } from "../../../src/errors.ts";
import { askUpgrade } from "../../../src/upgrade/ask-upgrade.ts";
import { readInCluster, readVersions } from "../../../src/upgrade/read-versions.ts";
import { fakeExec } from "../../helpers/fake-exec.ts";
import { awsError } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { lockOf } from "./lock.ts";

const eks = mockClient(EKSClient);
const ssm = mockClient(SSMClient);
const aws = createClients("us-east-2");
const { config } = releaseInputs();
const end = new Date("2026-12-02T00:00:00Z");

beforeEach(() => {
  eks.reset();
  ssm.reset();
  eks.on(DescribeClusterCommand).resolves({ cluster: { name: config.name, version: "1.34" } });
  eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core-1", "core-2", "users"] });
  for (const [name, day] of [
    ["core-1", 1],
    ["core-2", 2],
  ] as const) {
    eks.on(DescribeNodegroupCommand, { clusterName: config.name, nodegroupName: name }).resolves({
      nodegroup: { version: "1.34", releaseVersion: `1.34.8-2026110${day}`, createdAt: new Date(2026, 10, day) },
    });
  }
  eks.on(DescribeClusterVersionsCommand).resolves({
    clusterVersions: [
      { clusterVersion: "1.34", versionStatus: "STANDARD_SUPPORT", endOfStandardSupportDate: end },
      { clusterVersion: "1.36", versionStatus: "STANDARD_SUPPORT" },
      { clusterVersion: "1.35", versionStatus: "STANDARD_SUPPORT" },
    ],
  });
  eks.on(DescribeAddonVersionsCommand).resolves({
    addons: [{ addonVersions: [{ addonVersion: "v9.0.0", compatibilities: [{ defaultVersion: true }] }] }],
  });
  eks.on(DescribeAddonCommand).resolves({ addon: { addonVersion: "v1.12.4-eksbuild.10" } });
  eks
    .on(DescribeAddonCommand, { clusterName: config.name, addonName: "kube-proxy" })
    .rejects(awsError("ResourceNotFoundException", 404));
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: "1.34.8-20261110" } });
});

test("tells what runs, what is recorded and what there is, also of what is missing", async () => {
  const rows = await readVersions(
    { aws, config, lock: lockOf() },
    {
      charts: { jupyterhub: "4.3.3" },
      hubImage: "quay.io/jupyterhub/k8s-hub:4.3.3",
      userNodes: ["v1.34.8", "v1.33.1"],
    },
  );
  const of = (what: string) => rows.find((row) => row.what === what);
  expect(of("Kubernetes")).toEqual({
    what: "Kubernetes",
    running: "1.34",
    locked: "1.34",
    newest: "1.36",
    supportEnds: end,
  });
  // Of two core node groups the newer one is what counts.
  expect(of("node image")).toEqual({
    what: "node image",
    running: "1.34.8-20261102",
    locked: "1.34.8-20261023",
    newest: "1.34.8-20261110",
  });
  expect(of("users' nodes")?.running).toBe("1 × v1.33.1, 1 × v1.34.8");
  expect(of("add-on coredns")).toMatchObject({ running: "v1.12.4-eksbuild.10", newest: "v9.0.0" });
  expect(of("add-on kube-proxy")).not.toHaveProperty("running");
  expect(of("chart jupyterhub")).toMatchObject({ running: "4.3.3", locked: "4.3.3", newest: "4.4.0" });
  expect(of("chart nvidia-device-plugin")).toBeUndefined();
  expect(of("hub image")).toMatchObject({ running: "quay.io/jupyterhub/k8s-hub:4.3.3", locked: "the chart's own" });
});

test("tells the rest of a cluster that does not answer", async () => {
  const rows = await readVersions({ aws, config, lock: lockOf() }, undefined);
  expect(rows.map(({ what }) => what)).toContain("chart nvidia-device-plugin");
  expect(rows.map(({ what }) => what)).not.toContain("users' nodes");
});

test("asks the cluster for charts, users' nodes and the hub's image", async () => {
  const template = { spec: { containers: [{ name: "hub", image: "k8s-hub:4.4.0" }] } };
  const node = { metadata: { name: "a" }, status: { nodeInfo: { kubeletVersion: "v1.36.1-eks-1" } } };
  const release = { name: "x", namespace: "kube-system", revision: "1", status: "deployed" };
  const exec = fakeExec([
    { command: { file: "helm" }, stdout: JSON.stringify([{ ...release, chart: "karpenter-crd-1.14.1" }]) },
    { command: { file: "kubectl" }, stdout: JSON.stringify({ items: [node] }) },
    { command: { file: "kubectl" }, stdout: JSON.stringify({ spec: { template } }) },
  ]);
  expect(await readInCluster(exec, { kubeconfig: "/k", context: "c" })).toEqual({
    charts: { "karpenter-crd": "1.14.1" },
    hubImage: "k8s-hub:4.4.0",
    userNodes: ["v1.36.1-eks-1"],
  });
});

describe("an upgrade", () => {
  function ask(target: "kubernetes" | "all", karpenter: string) {
    const notes: string[] = [];
    const lock = lockOf({ charts: { ...lockOf().charts, karpenter, "karpenter-crd": karpenter } });
    const chosen = askUpgrade({ aws, config, note: (text) => void notes.push(text) }, lock, target);
    return { chosen, notes };
  }

  test("that only one thing keeps back is an error with what to do first", async () => {
    const { chosen } = ask("kubernetes", "1.8.0");
    const error = await chosen.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      code: "UpgradeHeld",
      hint: "hubctl update --upgrade addons --deployment dandihub",
    });
  });

  test("of all goes as far as it can, and says what has to wait", async () => {
    const { chosen, notes } = ask("all", "1.8.0");
    expect(await chosen).toMatchObject({ kubernetes: "1.34", charts: { karpenter: "1.14.1", jupyterhub: "4.4.0" } });
    expect(notes).toEqual([expect.stringMatching(/^! Kubernetes stays: .* first: hubctl update --upgrade addons/)]);
  });

  test("that was interrupted says that it goes on", async () => {
    eks.on(DescribeClusterCommand).resolves({ cluster: { name: config.name, version: "1.33" } });
    const { chosen, notes } = ask("kubernetes", "1.13.0");
    expect((await chosen).kubernetes).toBe("1.34");
    expect(notes).toEqual([
      "! the move to Kubernetes 1.34 is not complete (the control plane runs 1.33): this run goes on with it",
    ]);
  });
});
