import { DescribeAutoScalingGroupsCommand, AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import {
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
} from "@aws-sdk/client-ec2";
import * as eks from "@aws-sdk/client-eks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unimplementedOperations } from "../../../sandbox/aws/eks/unimplemented.ts";
import { eventually } from "../../helpers/eventually.ts";
import { startEksWorld, type EksWorld } from "./eks-world.ts";

const name = "demo";
let world: EksWorld;

beforeAll(async () => {
  world = await startEksWorld();
}, 240_000);

afterAll(async () => {
  await world.stop();
});

async function clusterStatus(): Promise<string> {
  try {
    const { cluster } = await world.eks.send(new eks.DescribeClusterCommand({ name }));
    return cluster?.status ?? "";
  } catch (error) {
    if (error instanceof eks.ResourceNotFoundException) return "gone";
    throw error;
  }
}

async function untilUpdated(update: eks.Update | undefined, of: { nodegroupName?: string; addonName?: string } = {}) {
  const updateId = update?.id;
  await eventually("the update", async () => {
    const answer = await world.eks.send(new eks.DescribeUpdateCommand({ name, updateId, ...of }));
    return answer.update?.status === "Successful";
  });
}

async function untilNodegroup(nodegroupName: string, status: string): Promise<eks.Nodegroup> {
  return await eventually(`node group ${status}`, async () => {
    const { nodegroup } = await world.eks.send(new eks.DescribeNodegroupCommand({ clusterName: name, nodegroupName }));
    return nodegroup?.status === status && nodegroup;
  });
}

async function untilAddon(addonName: string, status: string): Promise<eks.Addon> {
  return await eventually(`add-on ${status}`, async () => {
    const { addon } = await world.eks.send(new eks.DescribeAddonCommand({ clusterName: name, addonName }));
    return addon?.status === status && addon;
  });
}

async function walkClusters(): Promise<void> {
  const roleArn = await world.createRole("cluster", "eks.amazonaws.com");
  const { cluster: created } = await world.eks.send(
    new eks.CreateClusterCommand({
      name,
      roleArn,
      version: "1.35",
      resourcesVpcConfig: { subnetIds: world.subnetIds, endpointPrivateAccess: true },
      accessConfig: { authenticationMode: "API_AND_CONFIG_MAP", bootstrapClusterCreatorAdminPermissions: true },
      logging: { clusterLogging: [{ types: ["audit"], enabled: true }] },
      tags: { purpose: "test" },
      bootstrapSelfManagedAddons: true,
    }),
  );
  expect(created).toMatchObject({ status: "CREATING", upgradePolicy: { supportType: "EXTENDED" } });
  expect(created?.endpoint).toBeUndefined();
  await eventually("an ACTIVE cluster", async () => (await clusterStatus()) === "ACTIVE");
  expect([...world.dataPlane.addons.keys()].sort()).toEqual(["coredns", "kube-proxy", "vpc-cni"]);

  const { cluster } = await world.eks.send(new eks.DescribeClusterCommand({ name }));
  expect(cluster).toMatchObject({
    endpoint: "https://127.0.0.1:6443",
    kubernetesNetworkConfig: { serviceIpv4Cidr: "172.20.0.0/16", ipFamily: "ipv4" },
    resourcesVpcConfig: { vpcId: world.vpcId, publicAccessCidrs: ["0.0.0.0/0"] },
    accessConfig: { authenticationMode: "API_AND_CONFIG_MAP" },
  });
  expect(cluster?.identity?.oidc?.issuer).toMatch(/^https:\/\/oidc\.eks\.us-east-2\.amazonaws\.com\/id\/[0-9A-F]{32}$/);
  const { SecurityGroups: groups = [] } = await world.ec2.send(
    new DescribeSecurityGroupsCommand({ GroupIds: [cluster?.resourcesVpcConfig?.clusterSecurityGroupId ?? ""] }),
  );
  expect(groups[0]?.GroupName).toMatch(/^eks-cluster-sg-demo-\d+$/);
  expect(groups[0]?.Tags).toContainEqual({ Key: "kubernetes.io/cluster/demo", Value: "owned" });
  expect(await clusterInterfaces()).toBe(2);
  expect((await world.eks.send(new eks.ListClustersCommand())).clusters).toEqual([name]);

  const { update } = await world.eks.send(
    new eks.UpdateClusterConfigCommand({ name, upgradePolicy: { supportType: "STANDARD" } }),
  );
  await untilUpdated(update);
  const { update: version } = await world.eks.send(new eks.UpdateClusterVersionCommand({ name, version: "1.36" }));
  await untilUpdated(version);
  expect(world.dataPlane.started.map((spec) => spec.version)).toEqual(["1.35", "1.36"]);
  const { updateIds } = await world.eks.send(new eks.ListUpdatesCommand({ name }));
  expect(updateIds).toEqual([update?.id, version?.id]);

  const resourceArn = cluster?.arn;
  await world.eks.send(new eks.TagResourceCommand({ resourceArn, tags: { more: "1" } }));
  await world.eks.send(new eks.UntagResourceCommand({ resourceArn, tagKeys: ["purpose"] }));
  expect((await world.eks.send(new eks.ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ more: "1" });
}

async function clusterInterfaces(): Promise<number> {
  const { NetworkInterfaces: found = [] } = await world.ec2.send(
    new DescribeNetworkInterfacesCommand({ Filters: [{ Name: "description", Values: [`Amazon EKS ${name}`] }] }),
  );
  return found.length;
}

async function walkCatalog(): Promise<void> {
  const { clusterVersions = [] } = await world.eks.send(new eks.DescribeClusterVersionsCommand());
  expect(clusterVersions.find(({ defaultVersion }) => defaultVersion)?.clusterVersion).toBe("1.36");
  const { addons = [] } = await world.eks.send(
    new eks.DescribeAddonVersionsCommand({ kubernetesVersion: "1.36", addonName: "coredns" }),
  );
  const defaults = addons[0]?.addonVersions?.filter(({ compatibilities = [] }) => compatibilities[0]?.defaultVersion);
  expect(defaults).toHaveLength(1);
  const { configurationSchema } = await world.eks.send(
    new eks.DescribeAddonConfigurationCommand({ addonName: "coredns", addonVersion: defaults?.[0]?.addonVersion }),
  );
  expect(JSON.parse(configurationSchema ?? "")).toHaveProperty("properties.replicaCount");
  expect((await world.eks.send(new eks.ListInsightsCommand({ clusterName: name }))).insights).toEqual([]);
  const fargate = await world.eks.send(new eks.ListFargateProfilesCommand({ clusterName: name }));
  expect(fargate.fargateProfileNames).toEqual([]);
  const providers = await world.eks.send(new eks.ListIdentityProviderConfigsCommand({ clusterName: name }));
  expect(providers.identityProviderConfigs).toEqual([]);
}

async function walkAccess(): Promise<void> {
  const principalArn = await world.createRole("admins", "ec2.amazonaws.com");
  const policyArn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
  const clusterName = name;
  await world.eks.send(new eks.CreateAccessEntryCommand({ clusterName, principalArn, kubernetesGroups: ["viewers"] }));
  const { accessEntry } = await world.eks.send(new eks.DescribeAccessEntryCommand({ clusterName, principalArn }));
  expect(accessEntry).toMatchObject({
    type: "STANDARD",
    username: "arn:aws:sts::123456789012:assumed-role/admins/{{SessionName}}",
    kubernetesGroups: ["viewers"],
  });
  await world.eks.send(new eks.UpdateAccessEntryCommand({ clusterName, principalArn, kubernetesGroups: ["readers"] }));
  await world.eks.send(
    new eks.AssociateAccessPolicyCommand({ clusterName, principalArn, policyArn, accessScope: { type: "cluster" } }),
  );
  const associated = await world.eks.send(new eks.ListAssociatedAccessPoliciesCommand({ clusterName, principalArn }));
  expect(associated.associatedAccessPolicies).toMatchObject([{ policyArn, accessScope: { type: "cluster" } }]);
  const session = {
    account: "123456789012",
    arn: "arn:aws:sts::123456789012:assumed-role/admins/somebody@example.org",
    userId: "AROA:somebody@example.org",
  };
  // What is said of entries takes a moment to have an effect.
  expect(await world.service.identityFor(name, session)).toBeUndefined();
  const identity = await eventually("the entry's effect", () => world.service.identityFor(name, session));
  expect(identity.username).toBe("arn:aws:sts::123456789012:assumed-role/admins/somebody-example.org");
  expect(identity.groups).toEqual(["readers", "eks-access:AmazonEKSViewPolicy"]);
  const { accessEntries } = await world.eks.send(new eks.ListAccessEntriesCommand({ clusterName }));
  expect(accessEntries).toContain(world.operatorArn);
  await world.eks.send(new eks.DisassociateAccessPolicyCommand({ clusterName, principalArn, policyArn }));
  await world.eks.send(new eks.DeleteAccessEntryCommand({ clusterName, principalArn }));
  await expect.poll(() => world.service.identityFor(name, session)).toBeUndefined();
  const { accessPolicies = [] } = await world.eks.send(new eks.ListAccessPoliciesCommand());
  expect(accessPolicies.map(({ arn }) => arn)).toContain(policyArn);
}

async function walkPodIdentities(): Promise<void> {
  const clusterName = name;
  const actions = ["sts:AssumeRole", "sts:TagSession"];
  const [roleArn, other] = [
    await world.createRole("pods", "pods.eks.amazonaws.com", actions),
    await world.createRole("more-pods", "pods.eks.amazonaws.com", actions),
  ];
  const { association } = await world.eks.send(
    new eks.CreatePodIdentityAssociationCommand({
      clusterName,
      namespace: "kube-system",
      serviceAccount: "karpenter",
      roleArn,
    }),
  );
  const associationId = association?.associationId;
  expect(associationId).toMatch(/^a-[a-z0-9]{17}$/);
  expect(world.service.podIdentityRole(name, "kube-system", "karpenter")).toBeUndefined();
  await eventually(
    "the association",
    () => world.service.podIdentityRole(name, "kube-system", "karpenter") === roleArn,
  );
  await world.eks.send(new eks.UpdatePodIdentityAssociationCommand({ clusterName, associationId, roleArn: other }));
  const described = await world.eks.send(new eks.DescribePodIdentityAssociationCommand({ clusterName, associationId }));
  expect(described.association?.roleArn).toBe(other);
  const { associations } = await world.eks.send(
    new eks.ListPodIdentityAssociationsCommand({ clusterName, serviceAccount: "karpenter" }),
  );
  expect(associations).toHaveLength(1);
  await world.eks.send(new eks.DeletePodIdentityAssociationCommand({ clusterName, associationId }));
}

async function walkNodegroups(): Promise<void> {
  const clusterName = name;
  const nodegroupName = "core";
  const nodeRole = await world.createRole("node", "ec2.amazonaws.com");
  await world.eks.send(
    new eks.CreateNodegroupCommand({
      clusterName,
      nodegroupName,
      nodeRole,
      subnets: world.subnetIds,
      version: "1.35",
      instanceTypes: ["m6i.large"],
      scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 2 },
      labels: { purpose: "core" },
      taints: [{ key: "dedicated", value: "core", effect: "NO_SCHEDULE" }],
      tags: { purpose: "test" },
    }),
  );
  const nodegroup = await untilNodegroup(nodegroupName, "ACTIVE");
  expect(nodegroup).toMatchObject({
    version: "1.35",
    releaseVersion: "1.35.5-20261110",
    amiType: "AL2023_x86_64_STANDARD",
    capacityType: "ON_DEMAND",
    updateConfig: { maxUnavailable: 1 },
    diskSize: 20,
  });
  expect((await world.eks.send(new eks.ListNodegroupsCommand({ clusterName }))).nodegroups).toEqual([nodegroupName]);
  const entry = await world.eks.send(new eks.DescribeAccessEntryCommand({ clusterName, principalArn: nodeRole }));
  expect(entry.accessEntry).toMatchObject({ type: "EC2_LINUX", kubernetesGroups: ["system:nodes"] });

  const groupName = nodegroup.resources?.autoScalingGroups?.[0]?.name ?? "";
  expect(groupName).toMatch(/^eks-core-[0-9a-f-]{36}$/);
  const instances = await liveInstances();
  expect(instances).toHaveLength(2);
  expect(new Set(instances.map(({ SubnetId }) => SubnetId)).size).toBe(2);
  expect(Object.fromEntries((instances[0]?.Tags ?? []).map(({ Key, Value }) => [Key, Value]))).toMatchObject({
    "eks:cluster-name": "demo",
    "eks:nodegroup-name": "core",
    "kubernetes.io/cluster/demo": "owned",
    "aws:autoscaling:groupName": groupName,
  });
  expect(instances[0]?.IamInstanceProfile?.Arn).toMatch(/instance-profile\/eks-[0-9a-f-]{36}$/);
  expect(instances[0]?.SecurityGroups?.[0]?.GroupName).toMatch(/^eks-cluster-sg-demo-/);
  const node = [...world.dataPlane.kube.objects.values()].find(({ kind }) => kind === "Node");
  expect(node?.metadata.labels).toMatchObject({ purpose: "core", "eks.amazonaws.com/capacityType": "ON_DEMAND" });
  expect(node).toMatchObject({ spec: { taints: [{ key: "dedicated", value: "core", effect: "NoSchedule" }] } });

  const { update } = await world.eks.send(
    new eks.UpdateNodegroupConfigCommand({
      clusterName,
      nodegroupName,
      scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 1 },
      labels: { addOrUpdateLabels: { tier: "1" }, removeLabels: ["purpose"] },
      taints: { removeTaints: [{ key: "dedicated", value: "core", effect: "NO_SCHEDULE" }] },
    }),
  );
  await untilUpdated(update, { nodegroupName });
  expect(await liveInstances()).toHaveLength(1);
  const labels = (await untilNodegroup(nodegroupName, "ACTIVE")).labels;
  expect(labels).toEqual({ tier: "1" });

  const before = await liveInstances();
  const { update: version } = await world.eks.send(
    new eks.UpdateNodegroupVersionCommand({ clusterName, nodegroupName, version: "1.36" }),
  );
  await untilUpdated(version, { nodegroupName });
  const after = await liveInstances();
  expect(after).toHaveLength(1);
  expect(after[0]?.InstanceId).not.toBe(before[0]?.InstanceId);
  expect((await untilNodegroup(nodegroupName, "ACTIVE")).releaseVersion).toBe("1.36.1-20261110");
  await checkAutoScalingGroup(groupName, after[0]?.InstanceId);

  await world.eks.send(new eks.DeleteNodegroupCommand({ clusterName, nodegroupName }));
  await eventually("no node group", async () => {
    const { nodegroups = [] } = await world.eks.send(new eks.ListNodegroupsCommand({ clusterName }));
    return nodegroups.length === 0;
  });
  expect(await liveInstances()).toEqual([]);
  const { accessEntries } = await world.eks.send(new eks.ListAccessEntriesCommand({ clusterName }));
  expect(accessEntries).not.toContain(nodeRole);
}

async function checkAutoScalingGroup(groupName: string, instanceId: string | undefined): Promise<void> {
  const client = new AutoScalingClient({
    endpoint: world.front.url,
    region: "us-east-2",
    credentials: world.front.internal,
  });
  const { AutoScalingGroups: groups = [] } = await client.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
  );
  client.destroy();
  expect(groups[0]).toMatchObject({ MinSize: 1, MaxSize: 3, DesiredCapacity: 1 });
  expect(groups[0]?.Instances?.map(({ InstanceId }) => InstanceId)).toEqual([instanceId]);
}

async function liveInstances() {
  const { Reservations: reservations = [] } = await world.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: "instance-state-name", Values: ["running"] }] }),
  );
  return reservations.flatMap(({ Instances }) => Instances ?? []);
}

async function walkAddons(): Promise<void> {
  const clusterName = name;
  const addonName = "aws-ebs-csi-driver";
  const roleArn = await world.createRole("ebs", "pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"]);
  await world.eks.send(
    new eks.CreateAddonCommand({
      clusterName,
      addonName,
      addonVersion: "v1.61.1-eksbuild.1",
      configurationValues: '{"controller":{"extraVolumeTags":{"a":"b"}}}',
      podIdentityAssociations: [{ serviceAccount: "ebs-csi-controller-sa", roleArn }],
      resolveConflicts: "OVERWRITE",
    }),
  );
  const addon = await untilAddon(addonName, "ACTIVE");
  const associationId = addon.podIdentityAssociations?.[0]?.split("/").at(-1);
  const { association } = await world.eks.send(
    new eks.DescribePodIdentityAssociationCommand({ clusterName, associationId }),
  );
  expect(association).toMatchObject({ namespace: "kube-system", roleArn, ownerArn: addon.addonArn });
  expect(world.dataPlane.addons.get(addonName)?.configuration).toEqual({ controller: { extraVolumeTags: { a: "b" } } });
  const { update } = await world.eks.send(
    new eks.UpdateAddonCommand({
      clusterName,
      addonName,
      addonVersion: "v1.62.0-eksbuild.1",
      podIdentityAssociations: [{ serviceAccount: "ebs-csi-controller-sa", roleArn }],
    }),
  );
  await untilUpdated(update, { addonName });
  const updated = await untilAddon(addonName, "ACTIVE");
  expect(updated).toMatchObject({
    addonVersion: "v1.62.0-eksbuild.1",
    podIdentityAssociations: addon.podIdentityAssociations,
  });
  expect((await world.eks.send(new eks.ListAddonsCommand({ clusterName }))).addons).toEqual([addonName]);
  await world.eks.send(new eks.DeleteAddonCommand({ clusterName, addonName }));
  await eventually("no add-on", async () => {
    const { addons = [] } = await world.eks.send(new eks.ListAddonsCommand({ clusterName }));
    return addons.length === 0;
  });
  expect(world.dataPlane.addons.has(addonName)).toBe(false);
  const { associations } = await world.eks.send(new eks.ListPodIdentityAssociationsCommand({ clusterName }));
  expect(associations).toEqual([]);
}

async function walkDeletion(): Promise<void> {
  await world.eks.send(new eks.DeleteClusterCommand({ name }));
  await eventually("no cluster", async () => (await clusterStatus()) === "gone");
  expect(world.dataPlane.discarded).toEqual([name]);
  expect(await clusterInterfaces()).toBe(0);
  const { SecurityGroups: groups = [] } = await world.ec2.send(new DescribeSecurityGroupsCommand());
  expect(groups.filter(({ GroupName }) => GroupName?.startsWith("eks-cluster-sg-"))).toEqual([]);
}

test("every operation takes and answers what the service model of EKS says", async () => {
  await walkClusters();
  await walkCatalog();
  await walkAccess();
  await walkPodIdentities();
  await walkNodegroups();
  await walkAddons();
  await walkDeletion();

  expect(world.faults).toEqual([]);
  expect(world.service.operations.filter((operation) => !world.succeeded.has(operation))).toEqual([]);
});

test("every operation of the service model is implemented or refused by name", async () => {
  const known = [...world.service.operations, ...unimplementedOperations.map((operation) => operation.name)];
  expect(known.sort()).toEqual(Object.keys(world.model.operations).sort());
  for (const { name: refused, method, path } of unimplementedOperations) {
    expect(world.model.operations[refused]?.http).toMatchObject({ method, requestUri: path });
  }
  await expect(world.eks.send(new eks.ListCapabilitiesCommand({ clusterName: name }))).rejects.toThrow(
    /ListCapabilities is not implemented/,
  );
});

test("the judge finds a wrong path, members, types, values and errors", () => {
  const good = {
    method: "GET",
    path: "/clusters/demo",
    query: new URLSearchParams(),
    requestBody: "",
    status: 200,
    errorType: undefined,
    responseBody: JSON.stringify({ cluster: { name: "demo", status: "ACTIVE", createdAt: 1_790_000_000.5 } }),
  };
  const faultsOf = (changes: object) => world.model.judge({ ...good, ...changes })?.faults;
  const answering = (cluster: object) => faultsOf({ responseBody: JSON.stringify({ cluster }) });

  expect(faultsOf({})).toEqual([]);
  expect(world.model.judge({ ...good, path: "/cluster/demo" })).toBeUndefined();
  expect(answering({ nmae: "demo" })).toEqual(["DescribeCluster: answer.cluster has an unknown member nmae"]);
  expect(answering({ status: "READY" })).toEqual(["DescribeCluster: answer.cluster.status may not be READY"]);
  expect(answering({ createdAt: 1_790_000_000_500 })?.[0]).toMatch(/no timestamp in seconds/);
  expect(answering({ tags: { a: 1 } })).toEqual(["DescribeCluster: answer.cluster.tags.a is no string"]);
  expect(faultsOf({ status: 404, errorType: "NoSuchCluster", responseBody: '{"message":"x"}' })).toHaveLength(1);
  expect(faultsOf({ status: 400, errorType: "ResourceNotFoundException", responseBody: '{"message":"x"}' })).toEqual([
    "DescribeCluster: ResourceNotFoundException has the status 400",
  ]);
  expect(faultsOf({ method: "POST", path: "/clusters", requestBody: '{"name":"demo","role":"r"}' })).toEqual([
    "CreateCluster: the request lacks roleArn",
    "CreateCluster: the request lacks resourcesVpcConfig",
    "CreateCluster: the request has an unknown member role",
  ]);
});
