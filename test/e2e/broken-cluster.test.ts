import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { beforeAll, describe, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { applyObject, killControlPlane, kubectl, startServer } from "../helpers/break-world.ts";
import { hubctl, type Ended } from "../helpers/hubctl.ts";
import { deployment, installedWorld, leftInAccount, type InstalledWorld } from "../helpers/installed-world.ts";
import { runUntil } from "../helpers/kill-moment.ts";

const deleteAll = ["cleanup", "--data", "delete", "--confirm", deployment, "--yes"];

let world: InstalledWorld;

/** Machines that cost something. */
async function machines(): Promise<number> {
  const alive = { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] };
  const { Reservations = [] } = await clientsFor(world.env).ec2.send(
    new DescribeInstancesCommand({ Filters: [alive] }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances).length;
}

/** One cleanup after another in one world, each stopped in another way, until there is nothing more to do. */
describe("a cluster in which much is broken", () => {
  let ended: Ended;

  beforeAll(async () => {
    world = await installedWorld();
    await startServer(world, "ada");
    // Its machine has nobody any more who would end it, and its objects nobody who would let them go.
    await kubectl(world, "delete", "deployment", "karpenter", "-n", "kube-system", "--wait");
    await applyObject(world, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "held", namespace: "jupyterhub", finalizers: ["example.org/archive-first"] },
    });
    return async () => await world.down();
  });

  test("Ctrl-C stops a cleanup, which says how it is continued", async () => {
    const moment = { step: "stop-servers", calls: 0 };
    const interrupted = await runUntil(deleteAll, world, { moment, blow: "SIGINT" });
    expect(interrupted, interrupted.stderr).toMatchObject({ wasHit: true, exitCode: 130 });
    expect(interrupted.stderr).toContain(`hubctl cleanup --deployment ${deployment} --data delete`);
  });

  test("kill -9 stops it, too, and the next one goes on", async () => {
    const moment = { step: "remove-claims", calls: 0 };
    const killed = await runUntil(deleteAll, world, { moment, blow: "hubctl" });
    expect(killed).toMatchObject({ wasHit: true, signal: "SIGKILL" });
    ended = await hubctl(deleteAll, world);
    expect(ended.exitCode, ended.stderr).toBe(0);
  });

  test("Karpenter is gone before its nodes: its machines go all the same, and its finalizers are taken away", async () => {
    expect(ended.stderr).toMatch(/nodeclaim\/\S+: karpenter\.sh\/termination taken away/);
    expect(await machines()).toBe(0);
  });

  test("a namespace stuck on a finalizer that nobody knows: said which and whose, and that it is not taken away", () => {
    expect(ended.stderr).toMatch(/configmap\/held: example\.org\/archive-first \(.*leaves it\)/);
    expect(ended.stderr).not.toContain("example.org/archive-first taken away");
  });

  test("the account is as before", async () => {
    expect(await leftInAccount(world), ended.stderr).toEqual([]);
  });
});

describe("an API server that does not answer", () => {
  beforeAll(async () => {
    world = await installedWorld();
    await startServer(world, "grace");
    killControlPlane(world);
    return async () => await world.down();
  });

  test("who wants to keep the data is told what would be lost, and nothing is touched", async () => {
    const refused = await hubctl(["cleanup", "--data", "keep", "--yes"], world);
    expect(refused.exitCode, refused.stderr).toBe(1);
    expect(refused.stderr).toContain("--without-hub-database");
    // Two core nodes, and the one that the user needed.
    expect(await machines()).toBe(3);
  });

  test("who does not gets an account that is as before, with users' machines and the hub's disk gone", async () => {
    const { exitCode, stderr } = await hubctl(deleteAll, world);
    expect(exitCode, stderr).toBe(0);
    expect(await leftInAccount(world), stderr).toEqual([]);
  });
});
