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
      pools: [{ name: "user", spot: false, gpus: false, instanceTypes: [], largestInstanceVcpus: 32 }],
    },
    storageClass: {
      tags: { "hubctl:deployment": "dandihub", "hubctl:id": "3f1c9a52", "hubctl:stack": "cluster" },
    },
    volumes: {
      fileSystemId: "fs-0123456789abcdef0",
      home: { claim: "home", accessPointId: "fsap-0123456789abcdef0" },
      shared: [{ claim: "shared", accessPointId: "fsap-0123456789abcdef1" }],
    },
    hubDatabase: {
      claim: "hub-database-copies",
      accessPointId: "fsap-0123456789abcdef2",
      program: "hub-database",
      image: "quay.io/jupyterhub/k8s-hub:4.4.0",
      pullSecrets: [],
      chartVersion: "4.4.0",
      schedule: "17 */6 * * *",
      keep: 28,
      databaseClaim: "hub-db-dir",
    },
    serviceAccounts: [],
    fill: { region: "us-east-2", folders: [] },
  });
});

const { users, storage } = releaseInputs().config;

test.each([
  ["cpu", { cpu: { guarantee: 40, limit: 40 }, memoryGiB: { guarantee: 8, limit: 8 } }],
  ["memory", { cpu: { guarantee: 1, limit: 1 }, memoryGiB: { guarantee: 400, limit: 400 } }],
])("users who would not fit on the usual instances by %s get larger ones", (_, size) => {
  expect(platform.values(releaseInputs({ config: { users: { ...users, ...size } } }))).toMatchObject({
    nodes: { pools: [{ largestInstanceVcpus: 192 }] },
  });
});

test("each shared folder has a claim, and those with a source a job that fills them", () => {
  const sharedFolders = [
    { name: "shared", mountPath: "/shared", writers: "everyone" as const },
    { name: "data", mountPath: "/data", writers: "admins" as const, fillFrom: "s3://lectures/data" },
  ];
  const inputs = releaseInputs({ config: { storage: { ...storage, sharedFolders } } });
  inputs.storage.shared_access_point_ids = { data: "fsap-0d", shared: "fsap-05" };
  expect(platform.values(inputs)).toMatchObject({
    volumes: {
      shared: [
        { claim: "shared", accessPointId: "fsap-05" },
        { claim: "shared-data", accessPointId: "fsap-0d" },
      ],
    },
    serviceAccounts: ["fill-folders"],
    fill: { folders: [{ name: "data", claim: "shared-data", source: "s3://lectures/data" }] },
  });
});

test("a folder without an access point is waited for", () => {
  const inputs = releaseInputs();
  expect(platform.waitsFor?.(inputs)).toBeUndefined();
  inputs.storage.shared_access_point_ids = {};
  expect(platform.waitsFor?.(inputs)).toBe("known once the storage has shared");
  // In the form for which the chart's schema asks, so that what is known of the release can be looked at before.
  const accessPointId = expect.stringMatching(/^fsap-[0-9a-f]+$/) as string;
  expect(platform.values(inputs)).toMatchObject({ volumes: { shared: [{ claim: "shared", accessPointId }] } });
});

test("users' buckets bring the service account of users' servers", () => {
  const buckets = [{ name: "data", access: "read" as const }];
  const inputs = releaseInputs({ config: { storage: { ...storage, buckets } } });
  expect(platform.values(inputs)).toMatchObject({ serviceAccounts: ["user"] });
});

test("disks of pods are encrypted with the deployment's key, if it has one", () => {
  const inputs = releaseInputs();
  inputs.storage.encryption_key_arn = "arn:aws:kms:us-east-2:123456789012:key/1";
  expect(platform.values(inputs)).toMatchObject({
    storageClass: { kmsKeyId: "arn:aws:kms:us-east-2:123456789012:key/1" },
  });
  expect(platform.values(releaseInputs())["storageClass"]).not.toHaveProperty("kmsKeyId");
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
      eksControlPlane: true,
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
