import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { CreateAccessEntryCommand } from "@aws-sdk/client-eks";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isReady } from "../../sandbox/kubelet/kube-objects.ts";
import type { Node, Pod } from "../../sandbox/kubelet/kube-objects.ts";
import { eventually } from "../helpers/eventually.ts";
import { startSandboxCluster } from "../helpers/sandbox-cluster.ts";
import type { SandboxCluster } from "../helpers/sandbox-cluster.ts";

const run = promisify(execFile);
const pods = "/api/v1/namespaces/default/pods";
const addons = ["eks-pod-identity-agent", "coredns"];
let cluster: SandboxCluster;

beforeAll(async () => {
  cluster = await startSandboxCluster("karpenter-test");
  await cluster.addAddon("vpc-cni");
  await cluster.addNodes({ name: "core", count: 2, labels: { "hub.jupyter.org/node-purpose": "core" } });
  for (const name of addons) await cluster.addAddon(name);
  for (const name of addons) await cluster.waitForAddon(name);
  await prepareNodeRole();
}, 300_000);

afterAll(async () => {
  await cluster.stop();
}, 60_000);

async function prepareNodeRole(): Promise<void> {
  const principalArn = await cluster.createRole("user-node", "ec2.amazonaws.com");
  await cluster.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "user-node" }));
  await cluster.iam.send(
    new AddRoleToInstanceProfileCommand({ InstanceProfileName: "user-node", RoleName: "user-node" }),
  );
  await cluster.eks.send(new CreateAccessEntryCommand({ clusterName: cluster.name, principalArn, type: "EC2_LINUX" }));
}

async function installChart(name: string, values: readonly string[]): Promise<void> {
  const { helm, karpenterModule } = cluster.world.binaries;
  const { dir } = cluster.world;
  const args = ["upgrade", "--install", name, join(karpenterModule, "charts", name), "--namespace", "kube-system"];
  await run(helm, [...args, ...values.flatMap((value) => ["--set", value]), "--wait", "--timeout", "90s"], {
    env: {
      KUBECONFIG: cluster.plane.adminKubeconfig,
      HOME: dir,
      HELM_CACHE_HOME: join(dir, "helm"),
      HELM_CONFIG_HOME: join(dir, "helm"),
      HELM_DATA_HOME: join(dir, "helm"),
    },
  });
}

async function installKarpenter(): Promise<void> {
  await installChart("karpenter-crd", []);
  await installChart("karpenter", [
    "replicas=2",
    `settings.clusterName=${cluster.name}`,
    `settings.clusterEndpoint=${cluster.plane.endpoint}`,
    "controller.resources.requests.cpu=100m",
    "controller.resources.requests.memory=256Mi",
  ]);
}

async function createPool(): Promise<void> {
  await cluster.kube.apply({
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: { name: "default" },
    spec: {
      amiSelectorTerms: [{ alias: "al2023@latest" }],
      instanceProfile: "user-node",
      subnetSelectorTerms: cluster.subnetIds.map((id) => ({ id })),
      securityGroupSelectorTerms: [{ id: cluster.securityGroupId }],
      metadataOptions: { httpPutResponseHopLimit: 1 },
    },
  });
  await cluster.kube.apply({
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: "user" },
    spec: {
      template: {
        metadata: { labels: { "hub.jupyter.org/node-purpose": "user" } },
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" },
          taints: [{ key: "hub.jupyter.org/dedicated", value: "user", effect: "NoSchedule" }],
          expireAfter: "Never",
          requirements: [
            { key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] },
            { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
            { key: "karpenter.k8s.aws/instance-category", operator: "In", values: ["c", "m", "r"] },
            { key: "karpenter.k8s.aws/instance-generation", operator: "Gt", values: ["4"] },
          ],
        },
      },
      disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "5s" },
    },
  });
}

const userPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "jupyter-alice", namespace: "default" },
  spec: {
    restartPolicy: "OnFailure",
    terminationGracePeriodSeconds: 1,
    nodeSelector: { "hub.jupyter.org/node-purpose": "user" },
    tolerations: [{ key: "hub.jupyter.org/dedicated", operator: "Equal", value: "user", effect: "NoSchedule" }],
    containers: [
      { name: "notebook", image: "example.org/notebook:1", resources: { requests: { cpu: "3", memory: "12Gi" } } },
    ],
  },
};

async function listUserInstances(): Promise<(string | undefined)[]> {
  const answer = await cluster.ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: "tag:karpenter.sh/nodepool", Values: ["user"] },
        { Name: "instance-state-name", Values: ["pending", "running"] },
      ],
    }),
  );
  return (answer.Reservations ?? []).flatMap(({ Instances }) => (Instances ?? []).map(({ InstanceId }) => InstanceId));
}

const listUserNodes = () =>
  cluster.kube.list<Node>("/api/v1/nodes?labelSelector=hub.jupyter.org%2Fnode-purpose%3Duser");

test("a pending pod gets an instance and a node, and both go when it goes", async () => {
  const role = await cluster.createRole("karpenter", "pods.eks.amazonaws.com");
  await cluster.associate("kube-system", "karpenter", role);
  await installKarpenter();
  await createPool();
  await cluster.kube.create(pods, userPod);
  const running = await eventually("the user's pod", async () => {
    const found = await cluster.kube.get<Pod>(`${pods}/jupyter-alice`);
    return found !== undefined && isReady(found) ? found : undefined;
  });
  const [node, ...more] = await listUserNodes();
  expect(more).toEqual([]);
  expect(node!.metadata.name).toBe(running.spec.nodeName);
  expect(node!.spec.taints).toContainEqual({ key: "hub.jupyter.org/dedicated", value: "user", effect: "NoSchedule" });
  expect(node!.metadata.labels).toMatchObject({ "karpenter.sh/registered": "true", "karpenter.sh/nodepool": "user" });
  expect(await listUserInstances()).toEqual([node!.spec.providerID!.split("/").at(-1)]);
  await cluster.kube.delete(`${pods}/jupyter-alice`);
  await eventually("the node's end", async () => (await listUserNodes()).length === 0);
  expect(await listUserInstances()).toEqual([]);
}, 200_000);
