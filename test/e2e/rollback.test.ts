import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { eventually } from "../helpers/eventually.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { addHubUser, expectHubUsers } from "../helpers/hub-rows.ts";
import {
  deployment,
  emptyWorld,
  smallestHub,
  writeDeployment,
  type InstalledWorld,
} from "../helpers/installed-world.ts";
import { kubectl } from "../helpers/break-world.ts";

let world: InstalledWorld;

const olderHub = `${smallestHub}hub: { chartVersion: "4.3.5" }\n`;
/** The sandbox's hub can't take this user over into the database of a newer version. */
const unmigratable = "unmigratable";
const fileOf = (name: string) => join(world.cwd, "deployments", deployment, name);

beforeAll(async () => {
  world = await emptyWorld(`e2e-rollback-${process.pid}`);
  return async () => await world.down();
});

async function chartOfHub(): Promise<string> {
  const label = "jsonpath={.metadata.labels.helm\\.sh/chart}{.metadata.labels.chart}";
  return kubectl(world, "get", "deployment", "hub", "-n", "jupyterhub", "-o", label);
}

test("a hub of an older chart is installed, and people use it", async () => {
  await writeDeployment(world.cwd, deployment, olderHub);
  const { exitCode, stderr } = await hubctl(["install", "--yes"], world);
  expect(exitCode, stderr).toBe(0);
  expect(await chartOfHub()).toContain("4.3.5");
  await addHubUser(world, "ada");
  await addHubUser(world, "grace");
});

test("an upgrade of the chart copies the database first", async () => {
  await writeFile(fileOf("hub.yaml"), smallestHub);
  const { exitCode, stderr } = await hubctl(["update", "--upgrade", "hub", "--yes"], world);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain("copy it as hub chart 4.3.5 has left it");
  expect(await chartOfHub()).toContain("4.4.0");
  await expectHubUsers(world, ["ada", "grace"]);
});

test("rolled back, the hub is the older one with the users of then, whatever became of the database", async () => {
  // As a migration that went wrong might have left it.
  await addHubUser(world, "mallory");
  const { exitCode, stderr } = await hubctl(["update", "--rollback", "--yes"], world);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain("that hub chart 4.3.5 can read");
  expect(await chartOfHub()).toContain("4.3.5");
  expect(await readFile(fileOf("hub.yaml"), "utf8")).toBe(olderHub);
  await expectHubUsers(world, ["ada", "grace"]);
  const again = await hubctl(["update"], world);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(again.stderr).toContain("Nothing to do");
});

test("an upgrade whose migration fails says how to go back", async () => {
  await addHubUser(world, unmigratable);
  await writeFile(fileOf("hub.yaml"), smallestHub);
  // Kubernetes gives up a hub that does not get ready, by default after ten minutes.
  const patience = JSON.stringify({ spec: { progressDeadlineSeconds: 60 } });
  await kubectl(world, "patch", "deployment", "hub", "-n", "jupyterhub", "--type", "merge", "--patch", patience);

  const { exitCode, stderr } = await hubctl(["update", "--upgrade", "hub", "--yes"], world);
  expect(exitCode, stderr).toBe(1);
  expect(stderr).toContain("the hub does not get ready");
  expect(stderr).toContain("hubctl update --rollback");
  expect(await chartOfHub()).toContain("4.4.0");
  const waiting = "jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}";
  await eventually("the hub to be said to crash", async () =>
    (await kubectl(world, "get", "pods", "-n", "jupyterhub", "-l", "component=hub", "-o", waiting)).includes(
      "CrashLoopBackOff",
    ),
  );
  // What the migration got to before it failed.
  await expectHubUsers(world, ["ada", "grace"]);
});

test("rolled back from there, too, the hub is the older one with all of its users", async () => {
  const { exitCode, stderr } = await hubctl(["update", "--rollback", "--yes"], world);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain("that hub chart 4.3.5 can read");
  expect(await chartOfHub()).toContain("4.3.5");
  expect(await readFile(fileOf("hub.yaml"), "utf8")).toBe(olderHub);
  await expectHubUsers(world, ["ada", "grace", unmigratable]);
  const status = await hubctl(["status"], world);
  expect(status.exitCode, status.stdout).toBe(0);
});
