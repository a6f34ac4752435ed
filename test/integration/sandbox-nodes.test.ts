import {
  CreateAccessPointCommand,
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  EFSClient,
} from "@aws-sdk/client-efs";
import { DescribeVolumesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../sandbox/kube/client.ts";
import { isReady } from "../../sandbox/kubelet/kube-objects.ts";
import type { Node, Pod } from "../../sandbox/kubelet/kube-objects.ts";
import { eventually } from "../helpers/eventually.ts";
import { startSandboxCluster } from "../helpers/sandbox-cluster.ts";
import type { SandboxCluster } from "../helpers/sandbox-cluster.ts";

let cluster: SandboxCluster;

beforeAll(async () => {
  cluster = await startSandboxCluster("nodes");
  await cluster.addAddon("vpc-cni");
  await cluster.addNodes({ name: "core", count: 2, labels: { "hub.jupyter.org/node-purpose": "core" } });
  const ebsRole = await cluster.createRole("ebs", "pods.eks.amazonaws.com");
  await cluster.addAddon("eks-pod-identity-agent");
  await cluster.addAddon("coredns");
  await cluster.addAddon("aws-ebs-csi-driver", { arn: ebsRole, serviceAccount: "ebs-csi-controller-sa" });
  await cluster.addAddon("aws-efs-csi-driver");
  for (const name of ["eks-pod-identity-agent", "coredns", "aws-ebs-csi-driver", "aws-efs-csi-driver"]) {
    await cluster.waitForAddon(name);
  }
}, 300_000);

afterAll(async () => {
  await cluster.stop();
});

function pod(name: string, claimName: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      containers: [
        { name: "main", image: "example.org/server:1", volumeMounts: [{ name: "home", mountPath: "/home" }] },
      ],
      volumes: [{ name: "home", persistentVolumeClaim: { claimName } }],
    },
  };
}

async function isPodReady(name: string): Promise<Pod | undefined> {
  const found = await cluster.kube.get<Pod>(`/api/v1/namespaces/default/pods/${name}`);
  return found !== undefined && isReady(found) ? found : undefined;
}

test("instances become ready nodes with the labels of their node group", async () => {
  const nodes = await cluster.kube.list<Node>("/api/v1/nodes");
  expect(nodes).toHaveLength(2);
  expect(nodes.every(isReady)).toBe(true);
});

test("a claim gets an EBS volume in the zone of its pod, and the volume goes with the claim", async () => {
  await cluster.kube.apply({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "gp3" },
    provisioner: "ebs.csi.aws.com",
    parameters: { type: "gp3", encrypted: "true" },
    volumeBindingMode: "WaitForFirstConsumer",
  });
  await cluster.kube.apply({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "db", namespace: "default" },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "gp3", resources: { requests: { storage: "1Gi" } } },
  });
  await cluster.kube.apply(pod("db", "db"));
  const running = await eventually("the pod", () => isPodReady("db"), 40);
  const node = await cluster.kube.get<Node>(`/api/v1/nodes/${running.spec.nodeName!}`);
  const { Volumes: volumes = [] } = await cluster.ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: "tag:kubernetes.io/created-for/pvc/name", Values: ["db"] }] }),
  );
  expect(volumes).toHaveLength(1);
  expect(volumes[0]).toMatchObject({
    AvailabilityZone: node!.metadata.labels!["topology.kubernetes.io/zone"],
    State: "in-use",
  });
  console.log(JSON.stringify(volumes[0]));
}, 60_000);
