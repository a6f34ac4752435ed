import { ListClustersCommand } from "@aws-sdk/client-eks";
import { DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { beforeAll, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { hubctl } from "../helpers/hubctl.ts";
import {
  deployment,
  installedWorld,
  smallestHub,
  writeDeployment,
  type InstalledWorld,
} from "../helpers/installed-world.ts";

let world: InstalledWorld;

beforeAll(async () => {
  world = await installedWorld();
  return async () => await world.down();
});

test("a second deployment in the same account and region leaves the first as it is", async () => {
  const { eks, ec2 } = clientsFor(world.env);
  await writeDeployment(world.cwd, "teaching", smallestHub.replace("hub.dandi.example", "teaching.dandi.example"));
  const install = (name: string, ...more: string[]) => hubctl(["install", "--deployment", name, ...more], world);

  const second = await install("teaching", "--yes");
  expect(second.exitCode, second.stderr).toBe(0);
  const { clusters = [] } = await eks.send(new ListClustersCommand({}));
  expect(clusters.toSorted()).toEqual([deployment, "teaching"]);
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  const owners = Vpcs.map(({ Tags = [] }) => Tags.find(({ Key }) => Key === "hubctl:deployment")?.Value);
  expect(owners.filter((owner) => owner !== undefined).toSorted()).toEqual([deployment, "teaching"]);

  for (const name of [deployment, "teaching"]) {
    const again = await install(name);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stderr).toContain("Nothing to do");
  }
});
