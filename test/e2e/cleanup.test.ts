import { DescribeFileSystemsCommand } from "@aws-sdk/client-efs";
import { ListClustersCommand } from "@aws-sdk/client-eks";
import { DescribeLoadBalancersCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { runUntil } from "../helpers/kill-moment.ts";
import { addHubUser, expectHubUsers } from "../helpers/hub-rows.ts";
import { unseenModels } from "../helpers/unseen-models.ts";
import { deployment, installedWorld, leftInAccount, type InstalledWorld } from "../helpers/installed-world.ts";

let world: InstalledWorld;

beforeAll(async () => {
  world = await installedWorld();
  return async () => await world.down();
});

test("without a terminal nothing is deleted that was not agreed to", async () => {
  const unsaid = await hubctl(["cleanup"], world);
  expect(unsaid).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("--data keep or --data delete") as string,
  });
  const onlyYes = await hubctl(["cleanup", "--data", "delete", "--yes"], world);
  expect(onlyYes).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`--confirm ${deployment}`) as string });
  const wrong = await hubctl(["cleanup", "--data", "delete", "--confirm", "another"], world);
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("is not the name") as string });
  const dry = await hubctl(["cleanup", "--data", "delete", "--dry-run"], world);
  expect(dry.exitCode, dry.stderr).toBe(0);
  expect(dry.stderr).toContain("1 load balancer, 1 target group");
  expect((await hubctl(["status"], world)).exitCode).toBe(0);
});

test("an install takes back what a cleanup had begun when it was stopped", async () => {
  const stopped = await runUntil(["cleanup", "--only", "hub", "--yes"], world, {
    moment: { step: "uninstall-hub", calls: 0 },
    blow: "SIGINT",
  });
  expect(stopped, stopped.stderr).toMatchObject({ wasHit: true, exitCode: 130 });
  expect((await hubctl(["status"], world)).exitCode).toBe(1);

  await install();
  expect((await hubctl(["status"], world)).exitCode).toBe(0);
});

test("only the hub goes, and the next install brings it back with its users", async () => {
  await addHubUser(world, "ada");
  const before = await fileSystems();
  const gone = await hubctl(["cleanup", "--only", "hub", "--yes"], world);
  expect(gone.exitCode, gone.stderr).toBe(0);
  const { LoadBalancers } = await clientsFor(world.env).elb.send(new DescribeLoadBalancersCommand({}));
  expect(LoadBalancers).toEqual([]);

  await install();
  expect(await fileSystems()).toEqual(before);
  await expectHubUsers(world, ["ada"]);
});

test("the cluster goes and the data stays, and the next install has the same file system and users", async () => {
  const before = await fileSystems();
  const kept = await hubctl(["cleanup", "--data", "keep", "--yes"], world);
  expect(kept.exitCode, kept.stderr).toBe(0);
  expect(await fileSystems()).toEqual(before);
  expect((await clientsFor(world.env).eks.send(new ListClustersCommand({}))).clusters).toEqual([]);
  expect((await hubctl(["cleanup", "--data", "keep", "--yes"], world)).stdout).toContain("Nothing to do");

  await install();
  expect(await fileSystems()).toEqual(before);
  await expectHubUsers(world, ["ada"]);
});

test("with its data all of it goes, and the account is as it was before", async () => {
  // Otherwise something could be left that the comparison does not see.
  expect(await unseenModels(world.name)).toEqual([]);
  const gone = await hubctl(["cleanup", "--data", "delete", "--confirm", deployment], world);
  expect(gone.exitCode, gone.stderr).toBe(0);
  expect(existsSync(join(world.cwd, "deployments", deployment, "hub.lock.yaml"))).toBe(false);
  expect(await leftInAccount(world)).toEqual([]);

  const again = await hubctl(["cleanup", "--data", "delete", "--confirm", deployment], world);
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Nothing to do") as string });
});

async function install(): Promise<void> {
  const { exitCode, stderr } = await hubctl(["install", "--yes"], world);
  expect(exitCode, stderr).toBe(0);
}

async function fileSystems(): Promise<(string | undefined)[]> {
  const { FileSystems = [] } = await clientsFor(world.env).efs.send(new DescribeFileSystemsCommand({}));
  return FileSystems.map(({ FileSystemId }) => FileSystemId);
}
