import { CreateTagsCommand, DeleteTagsCommand, DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import * as eks from "@aws-sdk/client-eks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KubeError } from "../../../sandbox/kube/client.ts";
import { eventually } from "../../helpers/eventually.ts";
import { startEksWorld, type EksWorld } from "./eks-world.ts";

const clusterName = "demo";
const nodegroupName = "core";
let world: EksWorld;

beforeAll(async () => {
  world = await startEksWorld();
  const roleArn = await world.createRole("cluster", "eks.amazonaws.com");
  const nodeRole = await world.createRole("node", "ec2.amazonaws.com");
  await world.eks.send(
    new eks.CreateClusterCommand({
      name: clusterName,
      roleArn,
      version: "1.34",
      resourcesVpcConfig: { subnetIds: world.subnetIds },
      bootstrapSelfManagedAddons: false,
    }),
  );
  await eventually("an ACTIVE cluster", async () => (await cluster()).status === "ACTIVE");
  await world.eks.send(
    new eks.CreateNodegroupCommand({
      clusterName,
      nodegroupName,
      nodeRole,
      subnets: world.subnetIds,
      scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 1 },
    }),
  );
  await eventually("an ACTIVE node group", async () => (await nodegroup()).status === "ACTIVE");
}, 240_000);

afterAll(async () => {
  expect(world.faults).toEqual([]);
  await world.stop();
});

async function cluster(): Promise<eks.Cluster> {
  return (await world.eks.send(new eks.DescribeClusterCommand({ name: clusterName }))).cluster!;
}

async function nodegroup(): Promise<eks.Nodegroup> {
  return (await world.eks.send(new eks.DescribeNodegroupCommand({ clusterName, nodegroupName }))).nodegroup!;
}

async function updateCluster(version: string, force?: boolean): Promise<eks.Update> {
  const command = new eks.UpdateClusterVersionCommand({ name: clusterName, version, force });
  return (await world.eks.send(command)).update!;
}

async function ended({ id: updateId }: eks.Update, of: { nodegroupName?: string } = {}): Promise<eks.Update> {
  return eventually("the update's end", async () => {
    const { update } = await world.eks.send(new eks.DescribeUpdateCommand({ name: clusterName, updateId, ...of }));
    return update?.status !== "InProgress" && update;
  });
}

async function updateNodes(input: Partial<eks.UpdateNodegroupVersionCommandInput>): Promise<eks.Update> {
  const command = new eks.UpdateNodegroupVersionCommand({ clusterName, nodegroupName, ...input });
  return (await world.eks.send(command)).update!;
}

async function instances(): Promise<string[]> {
  const filter = { Name: "instance-state-name", Values: ["running"] };
  const { Reservations: found = [] } = await world.ec2.send(new DescribeInstancesCommand({ Filters: [filter] }));
  return found.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId = "" }) => InstanceId));
}

test("an update of the control plane that fails leaves its version, and can be tried again", async () => {
  const Resources = [(await cluster()).resourcesVpcConfig?.clusterSecurityGroupId ?? ""];
  const Tags = [{ Key: "sandbox:fail-update", Value: "IpNotAvailable" }];
  await world.ec2.send(new CreateTagsCommand({ Resources, Tags }));
  const failed = await ended(await updateCluster("1.35"));
  expect(failed).toMatchObject({ status: "Failed", errors: [{ errorCode: "IpNotAvailable", resourceIds: Resources }] });
  expect(await cluster()).toMatchObject({ status: "ACTIVE", version: "1.34" });
  expect(world.dataPlane.stopped).toEqual([]);
  await world.ec2.send(new DeleteTagsCommand({ Resources, Tags }));
});

test("insights block an update that is not forced", async () => {
  world.dataPlane.kube.metrics =
    'apiserver_requested_deprecated_apis{group="x.k8s.io",removed_release="1.35",resource="y",subresource="",version="v1beta1"} 1';
  await expect(updateCluster("1.35")).rejects.toThrow(
    /blocked by upgrade insights .*Deprecated APIs removed in.* v1.35/,
  );
  const { insights = [] } = await world.eks.send(
    new eks.ListInsightsCommand({ clusterName, filter: { statuses: ["ERROR"] } }),
  );
  expect(insights.map(({ name }) => name)).toEqual(["Deprecated APIs removed in Kubernetes v1.35"]);
  world.dataPlane.kube.metrics = "";
  expect(await cluster()).toMatchObject({ status: "ACTIVE", version: "1.34" });
});

test("the version changes when the update has ended, also if EKS was restarted in between", async () => {
  const update = await updateCluster("1.35");
  expect(await cluster()).toMatchObject({ status: "UPDATING", version: "1.34" });
  await expect(updateCluster("1.35")).rejects.toThrow(/currently has update \S+ in progress/);
  await world.restart();
  expect((await ended(update)).status).toBe("Successful");
  expect(await cluster()).toMatchObject({ status: "ACTIVE", version: "1.35" });
});

test("a node group that is behind keeps the control plane from the next minor", async () => {
  await expect(updateCluster("1.36")).rejects.toThrow(/Nodegroup core must be updated to match cluster version 1.35/);
});

test("pods that may not leave make an update of nodes fail, and the old nodes stay", async () => {
  const [before] = await instances();
  const { kube } = world.dataPlane;
  const node = [...kube.objects.values()].find(({ kind }) => kind === "Node")!;
  const pod = "/api/v1/pods/hub";
  kube.objects.set(pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "hub", namespace: "jupyterhub" },
    spec: { nodeName: node.metadata.name },
  } as never);
  const create = kube.create.bind(kube);
  kube.create = (path, object) =>
    path.endsWith("/eviction")
      ? Promise.reject(new KubeError(429, "TooManyRequests", "Cannot evict pod"))
      : create(path, object);
  const failed = await ended(await updateNodes({ version: "1.35" }), { nodegroupName });
  expect(failed).toMatchObject({ status: "Failed", errors: [{ errorCode: "PodEvictionFailure" }] });
  expect(await nodegroup()).toMatchObject({ status: "ACTIVE", version: "1.34" });
  await eventually("only the old node", async () => (await instances()).join() === before);
  const kept = [...kube.objects.values()].find(({ kind }) => kind === "Node") as { spec?: { unschedulable?: boolean } };
  expect(kept.spec?.unschedulable).toBeUndefined();

  kube.create = (path, object) => {
    if (path.endsWith("/eviction")) kube.objects.delete(pod);
    return create(path, object);
  };
  const done = await ended(await updateNodes({ version: "1.35" }), { nodegroupName });
  expect(done.status).toBe("Successful");
  expect(await nodegroup()).toMatchObject({ version: "1.35", releaseVersion: "1.35.5-20261110" });
  expect(kube.objects.has(pod)).toBe(false);
  expect(await instances()).not.toContain(before);
  expect(await instances()).toHaveLength(1);
});

test("a node group never goes back, and never past its cluster", async () => {
  await expect(updateNodes({ version: "1.34" })).rejects.toThrow(/cannot be downgraded/);
  await expect(updateNodes({ releaseVersion: "1.35.5-20261023" })).rejects.toThrow(/cannot be rolled back/);
  await expect(updateNodes({ version: "1.36" })).rejects.toThrow(/cannot be greater than cluster version 1.35/);
});
