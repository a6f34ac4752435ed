import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { DescribeNodegroupCommand, ListNodegroupsCommand } from "@aws-sdk/client-eks";
import { DescribeLoadBalancersCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { applyObject, kubectl } from "../helpers/break-world.ts";
import { eventually } from "../helpers/eventually.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { deployment, installedWorld, smallestHub, type InstalledWorld } from "../helpers/installed-world.ts";

let world: InstalledWorld;
let aws: ReturnType<typeof clientsFor>;

beforeAll(async () => {
  world = await installedWorld();
  aws = clientsFor(world.env);
  return async () => await world.down();
});

const fileOf = (name: string) => join(world.cwd, "deployments", deployment, name);
const configure = (hubYaml: string) => writeFile(fileOf("hub.yaml"), hubYaml);
const update = (...more: string[]) => hubctl(["update", ...more], world);

async function editLock(from: string | RegExp, to: string): Promise<void> {
  const before = await readFile(fileOf("hub.lock.yaml"), "utf8");
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  await writeFile(fileOf("hub.lock.yaml"), after);
}

/** What an update can touch: the last revision of each release, the serial of each state, nodes and load balancers. */
async function touchable() {
  const secrets = await kubectl(world, "get", "secrets", "-A", "-l", "owner=helm", "-o", "name");
  const releases: Record<string, number> = {};
  for (const [, name = "", revision] of secrets.matchAll(/sh\.helm\.release\.v1\.([\w-]+)\.v(\d+)/g)) {
    releases[name] = Math.max(releases[name] ?? 0, Number(revision));
  }
  const serials = await Promise.all((["storage", "cluster"] as const).map(serialOf));
  const { LoadBalancers = [] } = await aws.elb.send(new DescribeLoadBalancersCommand({}));
  return {
    ...releases,
    storage: serials[0],
    cluster: serials[1],
    nodes: await instances(),
    balancers: LoadBalancers.map(({ DNSName }) => DNSName).sort(),
  };
}

async function serialOf(stack: string): Promise<number> {
  const Key = `deployments/${deployment}/${stack}/terraform.tfstate`;
  const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: "hubctl-123456789012-us-east-2", Key }));
  return (JSON.parse((await Body?.transformToString()) ?? "{}") as { serial: number }).serial;
}

async function instances(): Promise<string[]> {
  const { Reservations = [] } = await aws.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId = "" }) => InstanceId)).sort();
}

/** The parts of the world that differ from before. */
async function touchedSince(before: Awaited<ReturnType<typeof touchable>>): Promise<string[]> {
  const now = await touchable();
  return Object.keys(now).filter(
    (part) => JSON.stringify(now[part as keyof typeof now]) !== JSON.stringify(before[part as keyof typeof before]),
  );
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

test("update of what is as it should be does nothing", async () => {
  const before = await touchable();
  const { exitCode, stderr } = await update();
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain("Nothing to do");
  expect(await touchedSince(before)).toEqual([]);
});

describe("with a server that runs", () => {
  let runs: string;

  beforeAll(async () => {
    await applyObject(world, server);
    const ready = ["wait", "pod/jupyter-ada", "-n", "jupyterhub", "--for=condition=Ready", "--timeout=240s"];
    await kubectl(world, ...ready);
    runs = await whereServerRuns();
  });

  /** One after the other, each on top of the ones before. */
  const changes: [what: string, change: (hubYaml: string) => string, touched: string[]][] = [
    ["culling", (text) => `${text}culling: { idleMinutes: 30 }\n`, ["hub"]],
    ["admins", (text) => text.replace("[ada]", "[ada, grace]"), ["hub"]],
    ["login", (text) => text.replace("allowAll: true", "allowedUsers: [linus]"), ["hub"]],
    ["image tag", (text) => text.replace("2026-11-03", "2026-11-17"), ["hub"]],
    ["allowed ranges", (text) => `${text}network: { allowFrom: [192.0.2.0/24] }\n`, ["hub"]],
    ["sizes", (text) => `${text}users:\n  memoryGiB: { guarantee: 3, limit: 6 }\n`, ["hub"]],
    ["room for users", (text) => text.replace("users:\n", "users:\n  maxVcpus: 128\n"), ["platform"]],
    ["a profile with nodes of its own", (text) => `${text}${ownNodes}`, ["hub", "platform"]],
    [
      "tags",
      (text) => text.replace("domain:", "tags: { Grant: OCE-1 }\ndomain:"),
      ["cluster", "hub", "platform", "storage"],
    ],
  ];
  const ownNodes = `profiles:
  - name: Large
    description: A machine of one's own
    default: true
    instanceTypes: [m6i.2xlarge]
`;

  test.each(changes)("%s changes with hub.yaml, and the server goes on", async (_, change, touched) => {
    const before = await touchable();
    await configure(change(await readFile(fileOf("hub.yaml"), "utf8")));
    const { exitCode, stderr } = await update("--yes");
    expect(exitCode, stderr).toBe(0);
    // Core nodes are replaced one by one where their template changes.
    expect((await touchedSince(before)).filter((part) => part !== "nodes").sort()).toEqual(touched);
    expect(await whereServerRuns()).toBe(runs);
  });

  test("a new image of the nodes leaves the server's node alone until it is empty", async () => {
    await editLock(/al2023@v\d+/, "al2023@v20261023");
    const { exitCode, stderr } = await update("--yes");
    expect(exitCode, stderr).toBe(0);
    const node = runs.split(" ")[1] ?? "";
    const drifted = () =>
      kubectl(world, "get", "nodeclaims", "-o", 'jsonpath={.items[*].status.conditions[?(@.type=="Drifted")].status}');
    await eventually(
      "Karpenter to see that the node is out of date",
      async () => (await drifted()).includes("True"),
      240,
    );
    expect(await whereServerRuns()).toBe(runs);

    await kubectl(world, "delete", "pod", "jupyter-ada", "-n", "jupyterhub");
    const nodes = () => kubectl(world, "get", "nodes", "-o", "name");
    await eventually("the empty node to go", async () => !(await nodes()).includes(node), 400);
  });
});

describe("what would be lost", () => {
  test("is refused with exit code 2, and nothing is touched", async () => {
    await configure(smallestHub);
    const reset = await update("--yes");
    expect(reset.exitCode, reset.stderr).toBe(0);
    const before = await touchable();
    const refusals: [hubYaml: string, said: string][] = [
      [
        `${smallestHub}network: { vpc: { cidr: 10.99.0.0/16 } }\n`,
        "network.vpc.cidr is 10.99.0.0/16, but was 10.0.0.0/16",
      ],
      [`${smallestHub}storage: { encryptionKey: own }\n`, "storage.encryptionKey is own, but was aws"],
      [smallestHub.replace("aws:", "aws:\n  rolePath: /hubs/"), "aws.rolePath"],
      [`${smallestHub}network: { internal: true }\n`, "replace the load balancer Service/jupyterhub/proxy-public"],
      [
        `${smallestHub}cluster: { coreNodes: { instanceType: m7i.xlarge } }\n`,
        "replace the node group aws_eks_node_group.core",
      ],
    ];
    const refuses = async (command: string, said: string) => {
      const { exitCode, stderr } = await hubctl([command, "--yes"], world);
      expect(exitCode, stderr).toBe(2);
      expect(stderr).toContain(said);
      expect(stderr).toContain("nothing was touched");
    };
    for (const [hubYaml, said] of refusals) {
      await configure(hubYaml);
      await refuses("update", said);
    }
    await refuses("install", refusals.at(-1)?.[1] ?? "");
    expect(await touchedSince(before)).toEqual([]);
  });

  test("goes once it is named: new core nodes are there before the old ones leave", async () => {
    await configure(`${smallestHub}cluster: { coreNodes: { instanceType: m7i.xlarge } }\n`);
    const groups = async () => (await aws.eks.send(new ListNodegroupsCommand({ clusterName: deployment }))).nodegroups;
    const [former] = (await groups()) ?? [];
    const { exitCode, stderr } = await update("--yes", "--allow-replace", "aws_eks_node_group.core");
    expect(exitCode, stderr).toBe(0);
    const [nodegroupName, ...more] = (await groups()) ?? [];
    expect(more).toEqual([]);
    expect(nodegroupName).not.toBe(former);
    const { nodegroup } = await aws.eks.send(
      new DescribeNodegroupCommand({ clusterName: deployment, nodegroupName: nodegroupName ?? "" }),
    );
    expect(nodegroup).toMatchObject({ status: "ACTIVE", instanceTypes: ["m7i.xlarge"] });
    await kubectl(
      world,
      "wait",
      "pod",
      "-n",
      "jupyterhub",
      "-l",
      "component=hub",
      "--for=condition=Ready",
      "--timeout=240s",
    );
  });

  test("goes once it is named: a load balancer with private addresses, and the domain follows", async () => {
    const inner = `${smallestHub}cluster: { coreNodes: { instanceType: m7i.xlarge } }\nnetwork: { internal: true }\n`;
    await configure(inner);
    const before = await touchable();
    const { exitCode, stderr } = await update("--yes", "--allow-replace", "Service/jupyterhub/proxy-public");
    expect(exitCode, stderr).toBe(0);
    expect(await touchedSince(before)).toEqual(expect.arrayContaining(["hub", "balancers"]));
    const { LoadBalancers = [] } = await aws.elb.send(new DescribeLoadBalancersCommand({}));
    expect(LoadBalancers.map(({ Scheme }) => Scheme)).toEqual(["internal"]);
  });

  test("goes once it is named: a shared folder that came later, in AWS and in the cluster", async () => {
    const present = await readFile(fileOf("hub.yaml"), "utf8");
    await configure(`${present}storage: { sharedFolders: [{ name: shared }, { name: data }] }\n`);
    const added = await update("--yes");
    expect(added.exitCode, added.stderr).toBe(0);
    await configure(present);
    const addresses = ['aws_efs_access_point.folders["data"]', "PersistentVolumeClaim/jupyterhub/shared-data"];
    // It is what an earlier run installed.
    const back = ["--yes", "--use-local-config"];
    const refused = await update(...back);
    expect(refused.exitCode, refused.stderr).toBe(2);
    for (const address of addresses) expect(refused.stderr).toContain(address);
    const removed = await update(...back, ...addresses.flatMap((address) => ["--allow-replace", address]));
    expect(removed.exitCode, removed.stderr).toBe(0);
  });
});

test("update --rollback brings the former configuration back, by the release's former revision", async () => {
  const present = await readFile(fileOf("hub.yaml"), "utf8");
  await configure(`${present}culling: { idleMinutes: 15 }\n`);
  const changed = await update("--yes");
  expect(changed.exitCode, changed.stderr).toBe(0);
  const { exitCode, stderr } = await update("--rollback", "--yes");
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toMatch(/back to revision \d+/);
  expect(await readFile(fileOf("hub.yaml"), "utf8")).toBe(present);
  const again = await update();
  expect(again.stderr).toContain("Nothing to do");
});

test("a newer hubctl with other defaults changes nothing by itself", async () => {
  // As if the hubctl that installed had had this default.
  await editLock("culling.idleMinutes: 60", "culling.idleMinutes: 45");
  const older = await update("--yes");
  expect(older.exitCode, older.stderr).toBe(0);
  const before = await touchable();
  const { exitCode, stderr } = await hubctl(["install"], world);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain("Nothing to do");
  expect(await touchedSince(before)).toEqual([]);
});
