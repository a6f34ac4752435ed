import { afterAll, beforeAll, expect, test } from "vitest";
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
}, 300_000);

afterAll(async () => {
  await cluster.stop();
});

test("instances become ready nodes with the labels of their node group", async () => {
  const nodes = await cluster.kube.list<Node>("/api/v1/nodes");
  expect(nodes).toHaveLength(2);
  expect(nodes.every(isReady)).toBe(true);
});
