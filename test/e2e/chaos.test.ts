import { afterEach, describe, expect, test } from "vitest";
import { planChaos, type Kill } from "../helpers/chaos-plan.ts";
import { hubctl } from "../helpers/hubctl.ts";
import {
  deployment,
  emptyWorld,
  installedWorld,
  leftInAccount,
  type InstalledWorld,
} from "../helpers/installed-world.ts";
import { runUntil } from "../helpers/kill-moment.ts";

/** Chosen so that each kind of blow and both commands are among them; `npm run chaos` takes twenty, or those it is told. */
const fewSeeds = "1,2,3,4";
const seeds = (process.env["HUBCTL_CHAOS_SEEDS"] ?? fewSeeds).split(",").map(Number);

const argumentsOf = {
  install: ["install", "--yes"],
  cleanup: ["cleanup", "--data", "delete", "--confirm", deployment, "--yes"],
};
const mostRuns = 3;

let world: InstalledWorld | undefined;

afterEach(async () => {
  await world?.down();
  world = undefined;
});

describe("whatever is killed, at most three cleanups later the account is as before", () => {
  test.each(seeds)("seed %i", { timeout: 20 * 60_000 }, async (seed) => {
    const kills = planChaos(seed);
    world = kills[0]?.command === "install" ? await emptyWorld(`chaos-${process.pid}`) : await installedWorld();
    for (const kill of kills) await suffer(kill, world, seed);

    const runs: string[] = [];
    for (let exitCode: number | null = null; exitCode !== 0;) {
      expect(runs.length, runs.join("\n---\n")).toBeLessThan(mostRuns);
      const run = await hubctl(argumentsOf.cleanup, world);
      runs.push(`cleanup ended with ${run.exitCode ?? run.signal ?? "?"}:\n${run.stderr}`);
      if (run.exitCode !== 0) console.log(`seed ${seed}: ${runs.at(-1) ?? ""}`);
      exitCode = run.exitCode;
    }
    expect(await leftInAccount(world), runs.join("\n---\n")).toEqual([]);
    console.log(`seed ${seed}: empty after ${runs.length} cleanup${runs.length === 1 ? "" : "s"}`);
  });
});

async function suffer(kill: Kill, world: InstalledWorld, seed: number): Promise<void> {
  const { command, moment, blow } = kill;
  const { wasHit, exitCode, signal, stderr } = await runUntil(argumentsOf[command], world, kill);
  const how = blow === "all" ? "kill -9 with its tools" : blow === "hubctl" ? "kill -9" : "Ctrl-C";
  const when = wasHit ? `${how} in ${moment.step}, ${moment.calls} calls after its start` : "not stopped";
  console.log(`seed ${seed}: ${command}: ${when}`);
  // An install that nobody stopped must not have failed.
  if (!wasHit && command === "install") expect(exitCode, stderr).toBe(0);
  if (wasHit && blow !== "SIGINT") expect(["SIGKILL", 0]).toContain(signal ?? exitCode);
}
