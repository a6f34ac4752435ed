import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { layerNames, type Health, type LayerName } from "../../src/health/layer.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { deployment, installedWorld, type InstalledWorld } from "../helpers/installed-world.ts";

const run = promisify(execFile);

let world: InstalledWorld;

beforeAll(async () => {
  world = await installedWorld();
  return async () => await world.down();
});

async function scaleHub(replicas: number): Promise<void> {
  const kubeconfig = join(world.cwd, ".hubctl", deployment, "kubeconfig");
  const at = ["--kubeconfig", kubeconfig, "-n", "jupyterhub"];
  await run("kubectl", [...at, "scale", "deployment/hub", `--replicas=${replicas}`], world);
  // Until the deployment's status tells of the change.
  const wanted = replicas === 0 ? "delete" : "condition=Ready";
  await run("kubectl", [...at, "wait", "pod", "-l", "component=hub", `--for=${wanted}`, "--timeout=120s"], world);
}

async function look(): Promise<{ exitCode: number | null; problems: LayerName[]; layers: LayerName[] }> {
  const { exitCode, stdout, stderr } = await hubctl(["status", "--json"], world);
  expect(stdout, stderr).not.toBe("");
  const { layers } = JSON.parse(stdout) as Health;
  const problems = layers.filter(({ state }) => state === "problem");
  return { exitCode, problems: problems.map(({ layer }) => layer), layers: layers.map(({ layer }) => layer) };
}

test("an installed hub is well in every layer; without its hub's pod it has one problem, said with what to do", async () => {
  // This hub fills no folder.
  const layers = layerNames.filter((layer) => layer !== "fill-jobs");
  const well = await look();
  expect(well).toEqual({ exitCode: 0, problems: [], layers });

  await scaleHub(0);
  const ill = await look();
  expect(ill).toEqual({ exitCode: 1, problems: ["hub"], layers });
  const told = await hubctl(["status"], world);
  expect(told.exitCode).toBe(1);
  expect(told.stdout).toContain("→");

  await scaleHub(1);
  expect(await look()).toEqual(well);
});
