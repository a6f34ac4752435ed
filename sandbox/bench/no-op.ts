import { rmSync } from "node:fs";
import { join } from "node:path";
import { SandboxError } from "../errors.ts";
import type { Example } from "../example.ts";
import { projectRoot } from "../paths.ts";
import { compare, type Measurement } from "./measurement.ts";
import { runTimed, type TimedCommand } from "./run-timed.ts";

const pairs = 5;

/** `hubctl install` where all is done, against the commands with which a script would make sure of the same. */
export async function measureNoOp(example: Example, signal: AbortSignal): Promise<Measurement> {
  const plans = ["storage", "cluster"].map((stack) => planCommand(example, join(example.work, "terraform", stack)));
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
      let seconds = 0;
      for (const command of [...plans, ...upgrades]) seconds += (await runTimed(command, { signal })).seconds;
      for (const { cwd = "" } of plans) rmSync(join(cwd, planFile));
      return { seconds };
    },
  });
}

const planFile = "bench.tfplan";

/** Fails, by its exit code, if there is anything to change. */
function planCommand({ env }: Example, cwd: string): TimedCommand {
  return {
    file: "terraform",
    args: ["plan", "-input=false", "-no-color", "-detailed-exitcode", `-out=${join(cwd, planFile)}`],
    cwd,
    // As in hubctl: otherwise Terraform would ask HashiCorp for news each time.
    env: { ...env, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" },
  };
}

interface InstalledRelease {
  name: string;
  namespace: string;
  /** Name and version in one. */
  chart: string;
}

async function upgradeCommands({ env, install, kubeconfig }: Example, signal: AbortSignal): Promise<TimedCommand[]> {
  const helm = (...args: string[]) => ({
    file: "helm",
    args: [...args, "--kubeconfig", kubeconfig],
    cwd: install.cwd,
    env,
  });
  const list = await runTimed(helm("list", "--all-namespaces", "--output", "json"), { signal });
  const releases = JSON.parse(list.stdout) as InstalledRelease[];
  return Promise.all(
    releases.map(async ({ name, namespace, chart }) => {
      const place = ["--namespace", namespace];
      const values = await runTimed(helm("get", "values", name, ...place, "--output", "json"), { signal });
      // Without --wait, which would only make it slower.
      const command = helm("upgrade", "--install", name, chartPath(chart, env), ...place, "--values", "-");
      return { ...command, input: values.stdout };
    }),
  );
}

function chartPath(chart: string, env: NodeJS.ProcessEnv): string {
  if (chart.startsWith("hubctl-platform-")) return join(projectRoot, "templates", "charts", "platform");
  return join(env["HUBCTL_CHART_MIRROR"] ?? "", `${chart}.tgz`);
}
