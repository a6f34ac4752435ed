import { DescribeClusterCommand } from "@aws-sdk/client-eks";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { CallRecord } from "../../sandbox/aws/front.ts";
import { applyObject, kubectl } from "../helpers/break-world.ts";
import { clientsFor } from "../helpers/aws-clients.ts";
import { eventually } from "../helpers/eventually.ts";
import { hubctl, startHubctl } from "../helpers/hubctl.ts";
import { addHubUser, expectHubUsers } from "../helpers/hub-rows.ts";
import {
  deployment,
  emptyWorld,
  smallestHub,
  writeDeployment,
  type InstalledWorld,
} from "../helpers/installed-world.ts";
import { projectRoot } from "../helpers/sandbox.ts";

let world: InstalledWorld;

beforeAll(async () => {
  world = await emptyWorld(`e2e-upgrade-${process.pid}`);
  return async () => await world.down();
});

interface Row {
  what: string;
  running?: string;
  locked?: string;
  newest?: string;
}

async function versions(): Promise<Record<string, Row>> {
  const { exitCode, stdout, stderr } = await hubctl(["versions", "--json"], world);
  expect(exitCode, stderr).toBe(0);
  const { versions: rows } = JSON.parse(stdout) as { versions: Row[] };
  return Object.fromEntries(rows.map((row) => [row.what, row]));
}

/** The calls to EKS that have changed something, in order. */
async function changingCalls(): Promise<string[]> {
  const lines = (await readFile(join(projectRoot, ".sandbox", world.name, "calls.jsonl"), "utf8")).trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as CallRecord)
    .filter(({ service, action }) => service === "eks" && action.startsWith("Update"))
    .map(({ action }) => action);
}

const server = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "jupyter-ada",
    namespace: "jupyterhub",
    labels: { app: "jupyterhub", component: "singleuser-server", "hub.jupyter.org/username": "ada" },
    annotations: { "karpenter.sh/do-not-disrupt": "true" },
  },
  spec: {
    nodeSelector: { "hub.jupyter.org/node-purpose": "user" },
    tolerations: [{ key: "hub.jupyter.org/dedicated", operator: "Equal", value: "user", effect: "NoSchedule" }],
    containers: [{ name: "notebook", image: "jupyter", resources: { requests: { cpu: "1", memory: "2Gi" } } }],
  },
};

const whereServerRuns = () =>
  kubectl(world, "get", "pod", "jupyter-ada", "-n", "jupyterhub", "-o", "jsonpath={.metadata.uid} {.spec.nodeName}");

async function kubelets(purpose: "core" | "user"): Promise<string[]> {
  const path = "jsonpath={.items[*].status.nodeInfo.kubeletVersion}";
  const selector = `hub.jupyter.org/node-purpose=${purpose}`;
  return (await kubectl(world, "get", "nodes", "-l", selector, "-o", path)).split(" ").filter(Boolean);
}

let runs: string;

test("a hub on an older Kubernetes is told what there is to move to", async () => {
  await writeDeployment(world.cwd, deployment, `${smallestHub}cluster: { kubernetesVersion: "1.35" }\n`);
  const { exitCode, stderr } = await hubctl(["install", "--yes"], world);
  expect(exitCode, stderr).toBe(0);
  await addHubUser(world, "ada");
  await applyObject(world, server);
  await kubectl(world, "wait", "pod/jupyter-ada", "-n", "jupyterhub", "--for=condition=Ready", "--timeout=240s");
  runs = await whereServerRuns();
  const before = await versions();
  expect(before["Kubernetes"]).toMatchObject({ running: "1.35", locked: "1.35", newest: "1.36" });
  expect(before["users' nodes"]?.running).toMatch(/^1 × v1\.35\./);
});

test("without consent nothing moves, the lock file neither", async () => {
  const file = join(world.cwd, "deployments", deployment, "hub.lock.yaml");
  const before = await readFile(file, "utf8");
  const { exitCode, stderr } = await hubctl(["update", "--upgrade", "kubernetes"], world);
  expect(exitCode, stderr).not.toBe(0);
  expect(stderr).toContain("Kubernetes 1.35 → 1.36");
  expect(await readFile(file, "utf8")).toBe(before);
  expect(await changingCalls()).not.toContain("UpdateClusterVersion");
});

test("an upgrade that is killed while the control plane moves goes on, and no user's server ends", async () => {
  const killed = startHubctl(["update", "--upgrade", "kubernetes", "--yes"], { ...world, detached: true });
  await eventually(
    "the control plane to move",
    async () => (await changingCalls()).includes("UpdateClusterVersion"),
    300,
  );
  process.kill(-(killed.process.pid ?? 0), "SIGKILL");
  await killed.ended;

  const { exitCode, stderr } = await hubctl(["update", "--upgrade", "kubernetes", "--yes", "--take-lock"], world);
  expect(exitCode, stderr).toBe(0);
  const { cluster } = await clientsFor(world.env).eks.send(new DescribeClusterCommand({ name: deployment }));
  expect(cluster?.version).toBe("1.36");
  expect(await whereServerRuns()).toBe(runs);
  expect(await kubelets("user")).toEqual([expect.stringMatching(/^v1\.35\./)]);
  // A node is listed for a while after its machine is gone.
  await eventually("the former core nodes to leave the list", async () => (await kubelets("core")).length === 2, 120);
  const moved = expect.stringMatching(/^v1\.36\./) as unknown;
  expect(await kubelets("core")).toEqual([moved, moved]);
  await expectHubUsers(world, ["ada"]);

  const calls = await changingCalls();
  expect(calls.filter((action) => action === "UpdateClusterVersion")).toHaveLength(1);
  const first = (action: string) => calls.indexOf(action);
  expect(first("UpdateClusterVersion")).toBeLessThan(first("UpdateAddon"));
  expect(first("UpdateAddon")).toBeLessThan(first("UpdateNodegroupVersion"));
});

test("afterwards there is nothing to do, and no way back", async () => {
  const again = await hubctl(["update"], world);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(again.stderr).toContain("Nothing to do");
  expect((await versions())["Kubernetes"]).toMatchObject({ running: "1.36", locked: "1.36", newest: "1.36" });
  const file = join(world.cwd, "deployments", deployment, "hub.lock.yaml");
  expect(await readFile(file, "utf8")).toContain('kubernetes: "1.36"');
});

test("a user's node goes when its last server has ended", async () => {
  await kubectl(world, "delete", "pod", "jupyter-ada", "-n", "jupyterhub");
  await eventually("the old node to go", async () => (await kubelets("user")).length === 0, 480);
});
