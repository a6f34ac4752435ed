import { CreateLaunchTemplateCommand } from "@aws-sdk/client-ec2";
import * as eks from "@aws-sdk/client-eks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { eventually } from "../../helpers/eventually.ts";
import { startEksWorld, type EksWorld } from "./eks-world.ts";

const clusterName = "demo";
let world: EksWorld;
let clusterRole: string;
let nodeRole: string;
let podRole: string;

beforeAll(async () => {
  world = await startEksWorld();
  clusterRole = await world.createRole("cluster", "eks.amazonaws.com");
  nodeRole = await world.createRole("node", "ec2.amazonaws.com");
  podRole = await world.createRole("pod", "pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"]);
  await createCluster(clusterName, { accessConfig: { authenticationMode: "API" } });
}, 240_000);

afterAll(async () => {
  expect(world.faults).toEqual([]);
  await world.stop();
});

async function createCluster(name: string, changes: Partial<eks.CreateClusterCommandInput> = {}): Promise<void> {
  await world.eks.send(clusterCommand({ name, ...changes }));
  await eventually("an ACTIVE cluster", async () => {
    const { cluster } = await world.eks.send(new eks.DescribeClusterCommand({ name }));
    return cluster?.status === "ACTIVE";
  });
}

function clusterCommand(changes: Partial<eks.CreateClusterCommandInput>): eks.CreateClusterCommand {
  return new eks.CreateClusterCommand({
    name: "other",
    roleArn: clusterRole,
    resourcesVpcConfig: { subnetIds: world.subnetIds },
    ...changes,
  });
}

function nodegroupCommand(changes: Partial<eks.CreateNodegroupCommandInput>): eks.CreateNodegroupCommand {
  return new eks.CreateNodegroupCommand({
    clusterName,
    nodegroupName: "core",
    nodeRole,
    subnets: world.subnetIds,
    ...changes,
  });
}

async function untilNodegroup(nodegroupName: string, status: string): Promise<eks.Nodegroup> {
  return await eventually(`node group ${status}`, async () => {
    const { nodegroup } = await world.eks.send(new eks.DescribeNodegroupCommand({ clusterName, nodegroupName }));
    return nodegroup?.status === status && nodegroup;
  });
}

async function deleteNodegroup(nodegroupName: string): Promise<void> {
  await world.eks.send(new eks.DeleteNodegroupCommand({ clusterName, nodegroupName }));
  await eventually("no node group", async () => {
    const { nodegroups = [] } = await world.eks.send(new eks.ListNodegroupsCommand({ clusterName }));
    return !nodegroups.includes(nodegroupName);
  });
}

describe("a cluster is refused", () => {
  test.each<[string, () => Partial<eks.CreateClusterCommandInput>, string, RegExp]>([
    [
      "without its role",
      () => ({ roleArn: world.roleArn("missing") }),
      "InvalidParameterException",
      /^The role with name missing cannot be found\.$/,
    ],
    [
      "when its role does not trust EKS",
      () => ({ roleArn: nodeRole }),
      "InvalidParameterException",
      /could not be assumed because it does not exist or the trusted entity is not correct/,
    ],
    [
      "with subnets in one zone",
      () => ({ resourcesVpcConfig: { subnetIds: world.subnetIds.slice(0, 1) } }),
      "InvalidParameterException",
      /at least two different AZs/,
    ],
    [
      "with a subnet that does not exist",
      () => ({ resourcesVpcConfig: { subnetIds: ["subnet-0123456789abcdef0", ...world.subnetIds] } }),
      "InvalidParameterException",
      /does not exist/,
    ],
    [
      "with an old version",
      () => ({ version: "1.32" }),
      "InvalidParameterException",
      /^unsupported Kubernetes version 1.32$/,
    ],
    [
      "when its name is taken",
      () => ({ name: clusterName }),
      "ResourceInUseException",
      /already exists with name: demo/,
    ],
    [
      "with Auto Mode by half",
      () => ({ computeConfig: { enabled: true }, bootstrapSelfManagedAddons: false }),
      "InvalidParameterException",
      /fully enabled or fully disabled/,
    ],
  ])("%s", async (_, changes, name, message) => {
    const refused = world.eks.send(clusterCommand(changes()));
    await expect(refused).rejects.toMatchObject({ name, message: expect.stringMatching(message) as string });
  });
});

describe("a node group is refused", () => {
  test.each<[string, () => Partial<eks.CreateNodegroupCommandInput>, RegExp]>([
    ["without its role", () => ({ nodeRole: world.roleArn("missing") }), /role with name missing cannot be found/],
    ["when its role does not trust EC2", () => ({ nodeRole: podRole }), /\[ec2\.amazonaws\.com\] were not found/],
    ["with subnets that do not exist", () => ({ subnets: ["subnet-0123456789abcdef0"] }), /does not exist/],
    [
      "with a launch template that does not exist",
      () => ({ launchTemplate: { id: "lt-0123456789abcdef0" } }),
      /cannot be found/,
    ],
    ["with an unknown release", () => ({ releaseVersion: "1.36.1-20200101" }), /release version .* is not valid/],
    ["with a higher version than its cluster's", () => ({ version: "1.37" }), /is not supported by the control plane/],
    ["with an unknown instance type", () => ({ instanceTypes: ["m6i.lrage"] }), /do not exist: \[m6i\.lrage\]/],
    ["with an instance type of another architecture", () => ({ instanceTypes: ["m7g.large"] }), /not a valid instance/],
    ["with reserved labels", () => ({ labels: { "kubernetes.io/role": "x" } }), /reserved prefixes/],
    [
      "with sizes in the wrong order",
      () => ({ scalingConfig: { minSize: 2, desiredSize: 1, maxSize: 3 } }),
      /can't be greater than desired size/,
    ],
  ])("%s", async (_, changes, message) => {
    await expect(world.eks.send(nodegroupCommand(changes()))).rejects.toThrow(message);
  });

  test("with a launch template that names an instance profile", async () => {
    await world.ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: "with-profile",
        LaunchTemplateData: { IamInstanceProfile: { Name: "mine" } },
      }),
    );
    const refused = world.eks.send(nodegroupCommand({ launchTemplate: { name: "with-profile", version: "1" } }));
    await expect(refused).rejects.toThrow(/should not specify an instance profile/);
  });
});

test("a cluster with a node group can't be deleted, and only one update runs at a time", async () => {
  const command = nodegroupCommand({
    nodegroupName: "attached",
    scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 1 },
  });
  await world.eks.send(command);
  await expect(world.eks.send(command)).rejects.toThrow(/NodeGroup already exists with name attached/);
  await untilNodegroup("attached", "ACTIVE");
  await expect(world.eks.send(new eks.DeleteClusterCommand({ name: clusterName }))).rejects.toMatchObject({
    name: "ResourceInUseException",
    message: "Cluster has nodegroups attached",
  });
  const scale = new eks.UpdateNodegroupConfigCommand({
    clusterName,
    nodegroupName: "attached",
    scalingConfig: { minSize: 0, desiredSize: 1, maxSize: 1 },
  });
  await world.eks.send(scale);
  await expect(world.eks.send(scale)).rejects.toThrow(eks.ResourceInUseException);
  await untilNodegroup("attached", "ACTIVE");
  await deleteNodegroup("attached");
});

test("a node group whose nodes do not join fails with NodeCreationFailure", async () => {
  await world.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: "own-image",
      // An image of one's own gets no NodeConfig from EKS, so its instances never become nodes here.
      LaunchTemplateData: { ImageId: "ami-12345678", InstanceType: "m6i.large" },
    }),
  );
  const launchTemplate = { name: "own-image", version: "1" };
  await world.eks.send(
    nodegroupCommand({
      nodegroupName: "lost",
      launchTemplate,
      scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 1 },
    }),
  );
  const { health, amiType } = await untilNodegroup("lost", "CREATE_FAILED");
  expect(amiType).toBe("CUSTOM");
  expect(health?.issues).toMatchObject([
    { code: "NodeCreationFailure", resourceIds: [expect.stringMatching(/^i-/) as string] },
  ]);
  await deleteNodegroup("lost");
});

test("clusters, node groups and add-ons that do not exist are not found", async () => {
  const missing = [
    world.eks.send(new eks.DescribeClusterCommand({ name: "none" })),
    world.eks.send(new eks.DescribeNodegroupCommand({ clusterName, nodegroupName: "none" })),
    world.eks.send(new eks.DescribeAddonCommand({ clusterName, addonName: "coredns" })),
    world.eks.send(new eks.DescribeAccessEntryCommand({ clusterName, principalArn: nodeRole })),
    world.eks.send(new eks.DescribePodIdentityAssociationCommand({ clusterName, associationId: "a-none" })),
    world.eks.send(new eks.DescribeUpdateCommand({ name: clusterName, updateId: "none" })),
  ];
  for (const answer of await Promise.allSettled(missing)) {
    expect(answer).toMatchObject({ status: "rejected", reason: { name: "ResourceNotFoundException" } });
  }
});

test("an add-on whose pods do not run is DEGRADED until they do", async () => {
  world.dataPlane.problems.set("coredns", "deployment coredns has 0 of 2 pods available");
  await world.eks.send(new eks.CreateAddonCommand({ clusterName, addonName: "coredns" }));
  const untilStatus = (status: string) =>
    eventually(`add-on ${status}`, async () => {
      const { addon } = await world.eks.send(new eks.DescribeAddonCommand({ clusterName, addonName: "coredns" }));
      return addon?.status === status && addon;
    });
  const { health } = await untilStatus("DEGRADED");
  expect(health?.issues).toMatchObject([{ code: "InsufficientNumberOfReplicas" }]);
  world.dataPlane.problems.delete("coredns");
  expect((await untilStatus("ACTIVE")).health?.issues).toEqual([]);
  await world.eks.send(new eks.DeleteAddonCommand({ clusterName, addonName: "coredns" }));
  await eventually("no add-on", async () => {
    const { addons = [] } = await world.eks.send(new eks.ListAddonsCommand({ clusterName }));
    return addons.length === 0;
  });
});

test.each<[string, Partial<eks.CreateAddonCommandInput>, RegExp]>([
  [
    "a version of another Kubernetes minor",
    { addonVersion: "v1.12.1-eksbuild.17" },
    /version specified is not supported/,
  ],
  ["an unknown name", { addonName: "cordns" }, /Addon cordns specified is not supported/],
  ["an unknown setting", { configurationValues: '{"replicas":2}' }, /\$\.replicas: is not defined in the schema/],
  ["a setting of the wrong type", { configurationValues: '{"replicaCount":"2"}' }, /string found, integer expected/],
])("an add-on with %s is refused", async (_, changes, message) => {
  const command = new eks.CreateAddonCommand({ clusterName, addonName: "coredns", ...changes });
  await expect(world.eks.send(command)).rejects.toThrow(message);
});

test.each<[string, () => Partial<eks.CreateAccessEntryCommandInput>, RegExp]>([
  [
    "a role's session",
    () => ({ principalArn: "arn:aws:sts::123456789012:assumed-role/node/session" }),
    /principalArn parameter format is not valid/,
  ],
  ["a role that does not exist", () => ({ principalArn: world.roleArn("missing") }), /invalid principal/],
  ["a group of the system's", () => ({ kubernetesGroups: ["system:masters"] }), /cannot start with system:/],
  ["a user name of the system's", () => ({ username: "system:admin" }), /must not begin with system:/],
  ["groups for nodes", () => ({ type: "EC2_LINUX", kubernetesGroups: ["a"] }), /may not be specified/],
])("an access entry for %s is refused", async (_, changes, message) => {
  const command = new eks.CreateAccessEntryCommand({ clusterName, principalArn: podRole, ...changes() });
  await expect(world.eks.send(command)).rejects.toThrow(message);
});

test("an access entry, an association and an unknown policy are each refused the second time or at once", async () => {
  const entry = new eks.CreateAccessEntryCommand({ clusterName, principalArn: clusterRole });
  await world.eks.send(entry);
  await expect(world.eks.send(entry)).rejects.toThrow(
    "The specified access entry resource is already in use on this cluster.",
  );
  const policy = new eks.AssociateAccessPolicyCommand({
    clusterName,
    principalArn: clusterRole,
    policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSRootPolicy",
    accessScope: { type: "cluster" },
  });
  await expect(world.eks.send(policy)).rejects.toThrow(/policyArn parameter format is not valid/);
  const association = new eks.CreatePodIdentityAssociationCommand({
    clusterName,
    namespace: "default",
    serviceAccount: "s",
    roleArn: podRole,
  });
  const { association: made } = await world.eks.send(association);
  await expect(world.eks.send(association)).rejects.toThrow(`Association already exists: ${made?.associationId ?? ""}`);
  const foreign = new eks.CreatePodIdentityAssociationCommand({
    ...association.input,
    serviceAccount: "t",
    roleArn: nodeRole,
  });
  await expect(world.eks.send(foreign)).rejects.toThrow(/trust policy/);
});

test("a cluster of mode CONFIG_MAP knows no access entries and lets its creator and aws-auth in", async () => {
  await createCluster("old", { accessConfig: { authenticationMode: "CONFIG_MAP" } });
  await expect(world.eks.send(new eks.ListAccessEntriesCommand({ clusterName: "old" }))).rejects.toThrow(
    /authentication mode must be set to one of \[API, API_AND_CONFIG_MAP\]/,
  );
  const operator = { account: "123456789012", arn: world.operatorArn, userId: "AIDA" };
  expect(await world.service.identityFor("old", operator)).toMatchObject({ groups: ["system:masters"] });
  world.dataPlane.kube.objects.set("/api/v1/namespaces/kube-system/configmaps/aws-auth", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "aws-auth" },
    ...{
      data: {
        mapRoles: [
          "- rolearn: arn:aws:iam::123456789012:role/team",
          '  username: "team:{{SessionName}}"',
          "  groups: [editors]",
          "- rolearn: arn:aws:iam::123456789012:role/path/deep",
          "  username: deep",
        ].join("\n"),
      },
    },
  });
  const session = (role: string) => ({
    account: "123456789012",
    arn: `arn:aws:sts::123456789012:assumed-role/${role}/me`,
    userId: "AROA:me",
  });
  expect(await world.service.identityFor("old", session("team"))).toEqual({ username: "team:me", groups: ["editors"] });
  // The well-known trap: a role's path does not appear in its sessions, so a mapping with a path never fits.
  expect(await world.service.identityFor("old", session("deep"))).toBeUndefined();
  expect(await world.service.identityFor(clusterName, session("team"))).toBeUndefined();
});

test("a node group's role is put into aws-auth where there are no access entries, and beside what is there", async () => {
  const name = "by-map";
  const path = "/api/v1/namespaces/kube-system/configmaps/aws-auth";
  const other = { rolearn: "arn:aws:iam::123456789012:role/team", username: "team", groups: ["editors"] };
  const mappings = () =>
    parse(
      (world.dataPlane.kube.objects.get(path) as { data?: { mapRoles?: string } } | undefined)?.data?.mapRoles ?? "",
    ) as unknown;
  const awsAuth = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "aws-auth" } };
  world.dataPlane.kube.objects.set(path, { ...awsAuth, ...{ data: { mapRoles: stringify([other]) } } });
  await createCluster(name, { accessConfig: { authenticationMode: "CONFIG_MAP" } });
  await world.eks.send(nodegroupCommand({ clusterName: name, nodegroupName: "mapped" }));
  const { nodegroup } = await eventually("an ACTIVE node group", async () => {
    const answer = await world.eks.send(
      new eks.DescribeNodegroupCommand({ clusterName: name, nodegroupName: "mapped" }),
    );
    return answer.nodegroup?.status === "ACTIVE" && answer;
  });
  expect(nodegroup?.health?.issues).toEqual([]);
  const node = [...world.dataPlane.kube.objects.values()].find(
    ({ metadata }) => metadata.labels?.["eks.amazonaws.com/nodegroup"] === "mapped",
  );
  const instanceId = (node as { spec?: { providerID?: string } } | undefined)?.spec?.providerID?.split("/").at(-1);
  const identity = await world.service.identityFor(name, {
    account: "123456789012",
    arn: `arn:aws:sts::123456789012:assumed-role/node/${instanceId ?? ""}`,
    userId: `AROA:${instanceId ?? ""}`,
  });
  expect(identity).toEqual({
    username: `system:node:${node?.metadata.name ?? ""}`,
    groups: ["system:bootstrappers", "system:nodes"],
  });
  expect(mappings()).toMatchObject([other, { rolearn: world.roleArn("node") }]);
  await world.eks.send(new eks.DeleteNodegroupCommand({ clusterName: name, nodegroupName: "mapped" }));
  await eventually("no node group", async () => {
    const { nodegroups = [] } = await world.eks.send(new eks.ListNodegroupsCommand({ clusterName: name }));
    return nodegroups.length === 0;
  });
  expect(mappings()).toEqual([other]);
});

test("what was created survives a restart, and goes on", async () => {
  await world.eks.send(clusterCommand({ name: "restarted" }));
  await world.restart();
  await eventually("an ACTIVE cluster", async () => {
    const { cluster } = await world.eks.send(new eks.DescribeClusterCommand({ name: "restarted" }));
    return cluster?.status === "ACTIVE";
  });
  expect(world.service.clusters().map(({ name }) => name)).toContain(clusterName);
  await eventually("the control planes", () => world.service.plane(clusterName) !== undefined);
});
