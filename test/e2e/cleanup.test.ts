import { DescribeFileSystemsCommand } from "@aws-sdk/client-efs";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { hubctl } from "../helpers/hubctl.ts";
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

test("the cluster goes and the data stays, until that is to go, too; then the account is as it was before", async () => {
  const { efs } = clientsFor(world.env);
  const fileSystems = async () => (await efs.send(new DescribeFileSystemsCommand({}))).FileSystems ?? [];
  const [before] = await fileSystems();

  const kept = await hubctl(["cleanup", "--data", "keep", "--yes"], world);
  expect(kept.exitCode, kept.stderr).toBe(0);
  expect(await fileSystems()).toEqual([expect.objectContaining({ FileSystemId: before?.FileSystemId })]);
  expect((await hubctl(["cleanup", "--data", "keep", "--yes"], world)).stdout).toContain("Nothing to do");

  const gone = await hubctl(["cleanup", "--data", "delete", "--confirm", deployment], world);
  expect(gone.exitCode, gone.stderr).toBe(0);
  expect(existsSync(join(world.cwd, "deployments", deployment, "hub.lock.yaml"))).toBe(false);
  expect(await leftInAccount(world)).toEqual([]);

  const again = await hubctl(["cleanup", "--data", "delete", "--confirm", deployment], world);
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Nothing to do") as string });
});
