import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeFileSystemsCommand } from "@aws-sdk/client-efs";
import { beforeAll, expect, test } from "vitest";
import type { Backups } from "../../src/commands/backup-list.ts";
import type { Health } from "../../src/health/layer.ts";
import { awsSettings, clientsFor } from "../helpers/aws-clients.ts";
import { applyObject, kubectl } from "../helpers/break-world.ts";
import { eventually } from "../helpers/eventually.ts";
import { addHubUser, expectHubUsers } from "../helpers/hub-rows.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { deployment, installedWorld, type InstalledWorld } from "../helpers/installed-world.ts";
import { projectRoot } from "../helpers/sandbox.ts";

let world: InstalledWorld;

beforeAll(async () => {
  world = await installedWorld();
  return async () => await world.down();
});

async function must(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await hubctl(args, world);
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

async function listBackups(): Promise<Backups> {
  return JSON.parse(await must("backup", "list", "--json")) as Backups;
}

async function health(): Promise<Health> {
  return JSON.parse((await hubctl(["status", "--json"], world)).stdout) as Health;
}

/** A path in the users' homes, as this machine has it. */
async function homes(...path: string[]): Promise<string> {
  const { FileSystems = [] } = await clientsFor(world.env).efs.send(new DescribeFileSystemsCommand({}));
  return join(projectRoot, ".sandbox", world.name, "volumes", FileSystems[0]?.FileSystemId ?? "", "home", ...path);
}

async function writeHome(user: string, file: string, text: string): Promise<void> {
  await mkdir(await homes(user), { recursive: true });
  await writeFile(await homes(user, file), text);
}

async function runningInstances(): Promise<number> {
  const ec2 = new EC2Client(awsSettings(world.env));
  const { Reservations = [] } = await ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances).length;
}

/** A server that has its user's home, as the hub starts it. */
async function startServer(user: string): Promise<void> {
  await applyObject(world, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `jupyter-${user}`,
      namespace: "jupyterhub",
      labels: { component: "singleuser-server" },
      annotations: { "karpenter.sh/do-not-disrupt": "true" },
    },
    spec: {
      nodeSelector: { "hub.jupyter.org/node-purpose": "user" },
      tolerations: [{ key: "hub.jupyter.org/dedicated", operator: "Equal", value: "user", effect: "NoSchedule" }],
      containers: [
        {
          name: "notebook",
          image: "jupyter",
          resources: { requests: { cpu: "1", memory: "2Gi" } },
          volumeMounts: [{ name: "home", mountPath: "/home/jovyan", subPath: user }],
        },
      ],
      volumes: [{ name: "home", persistentVolumeClaim: { claimName: "home" } }],
    },
  });
  const wait = ["--for=condition=Ready", "--timeout=240s"];
  await kubectl(world, "wait", `pod/jupyter-${user}`, "-n", "jupyterhub", ...wait);
}

test("accounts go back to a copy, and what was there is among the copies then", async () => {
  await addHubUser(world, "ada");
  const made = JSON.parse(await must("backup", "create", "--json")) as { databaseCopy: string };
  await addHubUser(world, "eve");

  const asked = await hubctl(["backup", "restore", "--database", made.databaseCopy], world);
  expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--yes") as string });
  await expectHubUsers(world, ["ada", "eve"]);

  const told = await must("backup", "restore", "--database", made.databaseCopy, "--yes");
  expect(told).toContain(made.databaseCopy);
  await expectHubUsers(world, ["ada"]);
  const { database } = await listBackups();
  if ("unknown" in database) throw new Error(database.unknown);
  const [newest] = database;
  expect(newest?.name).not.toBe(made.databaseCopy);
  await must("backup", "restore", "--database", newest?.name ?? "", "--yes");
  await expectHubUsers(world, ["ada", "eve"]);
  expect((await hubctl(["status"], world)).exitCode).toBe(0);
});

test("a copy that is not there is refused before anything is stopped", async () => {
  const none = "jupyterhub-20200101T000000Z-4.4.0.sqlite";
  const refused = await hubctl(["backup", "restore", "--database", none, "--yes"], world);
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("backup list") as string });
  expect((await hubctl(["status"], world)).exitCode).toBe(0);
});

test("one user's home comes back beside what is there, and nothing of the restore is left", async () => {
  await writeHome("ada-2elovelace", "thesis.txt", "first");
  await writeHome("grace", "own.txt", "grace's");
  await must("backup", "create");
  await eventually("the recovery point to be complete", async () => {
    const { homes: points } = await listBackups();
    return !("unknown" in points) && points.length > 0 && points.every(({ state }) => state === "COMPLETED");
  });
  await writeHome("ada-2elovelace", "thesis.txt", "second");

  const told = await must("backup", "restore", "--home", "ada.lovelace", "--yes");
  const [, folder = ""] = /the folder (restored-[\d-]+) of ada\.lovelace's home/.exec(told) ?? [];
  expect(await readFile(await homes("ada-2elovelace", folder, "thesis.txt"), "utf8")).toBe("first");
  expect(await readFile(await homes("ada-2elovelace", "thesis.txt"), "utf8")).toBe("second");
  expect(await readdir(await homes("grace"))).toEqual(["own.txt"]);

  const left = await kubectl(world, "get", "pv,pvc,jobs", "-A", "-o", "name");
  expect(left).not.toContain("restore-home");
  expect(await must("install", "--yes")).toBeDefined();
});

test("the configuration of an install can be had back, into a folder of its own", async () => {
  const out = join(world.cwd, "former");
  await must("backup", "restore", "--config", "--out", out);
  const path = join("deployments", deployment, "hub.yaml");
  expect(await readFile(join(out, path), "utf8")).toBe(await readFile(join(world.cwd, path), "utf8"));
  const again = await hubctl(["backup", "restore", "--config", "--out", out], world);
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("not empty") as string });
});

test("a pause ends servers and nodes after a notice, and a resume brings the same hub back", async () => {
  await writeHome("ada", "work.txt", "mine");
  await startServer("ada");
  const before = await runningInstances();

  const pausing = hubctl(["pause", "--warn", "1", "--yes"], world);
  const notice = await homes("ada", "THIS-HUB-IS-ABOUT-TO-PAUSE.txt");
  await eventually("the notice in the home", () => Promise.resolve(existsSync(notice)));
  const paused = await pausing;
  expect(paused.exitCode, paused.stderr).toBe(0);
  expect(paused.stderr).toContain("it still costs about");
  expect(await runningInstances()).toBe(0);
  expect(await readdir(await homes("ada"))).toEqual(["work.txt"]);

  const resting = await health();
  expect(resting.layers.filter(({ state }) => state === "problem")).toEqual([]);
  expect(resting.layers.find(({ layer }) => layer === "nodes")?.finding).toContain("paused since");
  for (const command of [["update", "--yes"], ["install", "--yes"], ["plan"]]) {
    const refused = await hubctl(command, world);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("hubctl resume") as string });
  }
  expect(await must("pause", "--yes")).toContain("Nothing to do");

  await must("resume");
  expect(await runningInstances()).toBe(before - 1);
  expect((await hubctl(["status"], world)).exitCode).toBe(0);
  await expectHubUsers(world, ["ada", "eve"]);
  expect(await readFile(await homes("ada", "work.txt"), "utf8")).toBe("mine");
  expect(await must("resume")).toContain("Nothing to do");
  const unchanged = await hubctl(["install", "--yes"], world);
  expect(unchanged.stderr).toContain("Nothing to do");
});
