import { expect, test } from "vitest";
import { karpenter } from "../../../src/releases/karpenter.ts";
import { karpenterCrd } from "../../../src/releases/karpenter-crd.ts";
import { platform } from "../../../src/releases/platform.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

test("the platform gets ids, not names to look up", () => {
  expect(platform.values(releaseInputs())).toEqual({
    deployment: "dandihub",
    nodes: {
      imageAlias: "al2023@v20261110",
      instanceProfile: "dandihub-3f1c9a52-user-node",
      subnetIds: ["subnet-0aaa", "subnet-0bbb"],
      securityGroupIds: ["sg-0123456789abcdef0"],
      zones: ["us-east-2a", "us-east-2b"],
      tags: {
        Project: "archive",
        "hubctl:deployment": "dandihub",
        "hubctl:id": "3f1c9a52",
        "hubctl:stack": "cluster",
      },
      maxVcpus: 64,
      largestInstanceVcpus: 32,
    },
    storageClass: {
      tags: { "hubctl:deployment": "dandihub", "hubctl:id": "3f1c9a52", "hubctl:stack": "cluster" },
    },
    volumes: {
      fileSystemId: "fs-0123456789abcdef0",
      home: { claim: "home", accessPointId: "fsap-0123456789abcdef0" },
      shared: { claim: "shared", accessPointId: "fsap-0123456789abcdef1" },
    },
  });
});

test.each([
  ["cpu", { maxVcpus: 512, cpu: { guarantee: 40, limit: 40 }, memoryGiB: { guarantee: 8, limit: 8 } }],
  ["memory", { maxVcpus: 512, cpu: { guarantee: 1, limit: 1 }, memoryGiB: { guarantee: 400, limit: 400 } }],
])("users who would not fit on the usual instances by %s get larger ones", (_, users) => {
  expect(platform.values(releaseInputs({ config: { users } }))).toMatchObject({
    nodes: { largestInstanceVcpus: 192 },
  });
});

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
])("with %i core nodes Karpenter has %i replicas", (desired, replicas) => {
  const coreNodes = { instanceType: "m6i.large", min: 1, max: 3, desired, volumeSizeGiB: 50 };
  const inputs = releaseInputs({ config: { cluster: { supportPolicy: "STANDARD", coreNodes } } });
  expect(karpenter.values(inputs)).toMatchObject({
    replicas,
    serviceAccount: { name: "karpenter" },
    nodeSelector: { "hub.jupyter.org/node-purpose": "core" },
    controller: { env: [{ name: "AWS_REGION", value: "us-east-2" }] },
    settings: {
      clusterName: "dandihub",
      clusterEndpoint: "https://dandihub.example.eks.amazonaws.com",
      interruptionQueue: "dandihub-karpenter",
    },
  });
});

test("secrets are in no release but the hub", () => {
  const inputs = releaseInputs();
  const all = [karpenterCrd, karpenter, platform].map((release) => JSON.stringify(release.values(inputs))).join();
  for (const secret of Object.values<string>({ ...inputs.secrets, ...inputs.generated })) {
    expect(all).not.toContain(secret);
  }
});
