import { beforeAll, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { clusterInTheMaking } from "../helpers/cluster-in-the-making.ts";
import { hubctl, startHubctl } from "../helpers/hubctl.ts";
import { deployment, emptyWorld, leftInAccount, type InstalledWorld } from "../helpers/installed-world.ts";
import { runUntil } from "../helpers/kill-moment.ts";

const install = ["install", "--yes"];
const deleteAll = ["cleanup", "--data", "delete", "--confirm", deployment, "--yes"];

let world: InstalledWorld;

beforeAll(async () => {
  world = await emptyWorld(`e2e-half-${process.pid}`);
  return async () => await world.down();
});

async function expectEmpty(): Promise<void> {
  const { exitCode, stderr } = await hubctl(deleteAll, world);
  expect(exitCode, stderr).toBe(0);
  expect(await leftInAccount(world), stderr).toEqual([]);
}

test("an install that died when there was a state bucket and nothing else is taken away", async () => {
  const moment = { step: "state-bucket", calls: 2 };
  const died = await runUntil(install, world, { moment, blow: "all" });
  expect(died, died.stderr).toMatchObject({ wasHit: true, signal: "SIGKILL" });
  await expectEmpty();
});

test("an install that died while its cluster was in the making is taken away, with what Terraform still made", async () => {
  const died = startHubctl(install, world);
  await clusterInTheMaking(clientsFor(world.env).eks, deployment);
  died.process.kill("SIGKILL");
  expect(await died.ended).toMatchObject({ signal: "SIGKILL" });
  await expectEmpty();
});
