import { SandboxError } from "../errors.ts";
import { hubctlProgram, type Example } from "../example.ts";
import { compare, type Measurement } from "./measurement.ts";
import { helmCommand, listReleases, planCommands, removePlans, runInTurn } from "./raw-commands.ts";
import { runTimed } from "./run-timed.ts";

const pairs = 5;

/** `hubctl plan` where nothing is to change, against the commands that show a script the same. */
export async function measurePlan(example: Example, signal: AbortSignal): Promise<Measurement> {
  const { install } = example;
  const plans = planCommands(example);
  const gets = (await listReleases(example, signal)).map(({ name, namespace }) =>
    helmCommand(example, "get", "all", name, "--namespace", namespace),
  );
  const plan = { ...install, args: [hubctlProgram, "plan", "--detailed-exitcode"] };
  // The first one unpacks Terraform's provider into a folder of its own.
  await runTimed(plan, { signal });
  return compare({
    what: "hubctl plan / terraform plan of both stacks and helm get",
    bound: 0.8,
    pairs,
    async measured() {
      const run = await runTimed(plan, { signal });
      if (!run.stdout.includes("Nothing to change")) throw new SandboxError(`there was a change:\n${run.stdout}`);
      return run;
    },
    async against() {
      const run = await runInTurn([...plans, ...gets], signal);
      removePlans(plans);
      return run;
    },
  });
}
