import { join } from "node:path";
import { SandboxError } from "../errors.ts";
import type { Example } from "../example.ts";
import { projectRoot } from "../paths.ts";
import { compare, type Measurement } from "./measurement.ts";
import { helmCommand, listReleases, planCommands, removePlans, runInTurn } from "./raw-commands.ts";
import { runTimed, type TimedCommand } from "./run-timed.ts";

const pairs = 5;

/** `hubctl install` where all is done, against the commands with which a script would make sure of the same. */
export async function measureNoOp(example: Example, signal: AbortSignal): Promise<Measurement> {
  const plans = planCommands(example);
  const upgrades = await upgradeCommands(example, signal);
  return compare({
    what: "no-op hubctl install / the raw commands",
    bound: 1.15,
    pairs,
    async measured() {
      const run = await runTimed(example.install, { signal });
      if (!run.stderr.includes("Nothing to do")) throw new SandboxError(`this install was no no-op:\n${run.stderr}`);
      return run;
    },
    async against() {
      const run = await runInTurn([...plans, ...upgrades], signal);
      removePlans(plans);
      return run;
    },
  });
}

async function upgradeCommands(example: Example, signal: AbortSignal): Promise<TimedCommand[]> {
  const releases = await listReleases(example, signal);
  return Promise.all(
    releases.map(async ({ name, namespace, chart }) => {
      const place = ["--namespace", namespace];
      const get = helmCommand(example, "get", "values", name, ...place, "--output", "json");
      const values = await runTimed(get, { signal });
      // Without --wait, which would only make it slower.
      const words = ["upgrade", "--install", name, chartPath(chart, example.env), ...place, "--values", "-"];
      return { ...helmCommand(example, ...words), input: values.stdout };
    }),
  );
}

function chartPath(chart: string, env: NodeJS.ProcessEnv): string {
  if (chart.startsWith("hubctl-platform-")) return join(projectRoot, "templates", "charts", "platform");
  return join(env["HUBCTL_CHART_MIRROR"] ?? "", `${chart}.tgz`);
}
