// Runs a small list of steps as a command would, to be looked at on a terminal: node list-program.js SCENARIO
import { setImmediate } from "node:timers";
import { createInterrupts } from "../../dist/engine/interrupt.js";
import { checkSteps, runSteps } from "../../dist/engine/run-steps.js";
import { ToolError } from "../../dist/errors.js";
import { createExec } from "../../dist/tools/exec.js";
import { exitCodeOf, formatError } from "../../dist/ui/errors.js";
import { createOutput } from "../../dist/ui/output.js";

const [scenario, tool] = process.argv.slice(2);
const output = createOutput();
const interrupts = createInterrupts({ note: (line) => output.note(line) });
interrupts.listen();
const exec = createExec({ running: interrupts });

const step = (id, found, run = async () => undefined) => ({ id, title: `Make ${id}`, check: async () => found, run });
const change = { change: "make it", plan: 1 };
const scenarios = {
  well: [
    step("tools", { done: "all are there" }),
    {
      sideBySide: [
        step("storage", change, async (_, __, report) => {
          report.progress("1/2 done");
          report.note("kept line");
          output.note("note of somebody else");
        }),
        step("cluster", change),
      ],
    },
    step("hub", change),
  ],
  failure: [
    {
      sideBySide: [
        step("storage", change, async () => {
          throw new ToolError("TerraformFailed", "terraform failed", { output: "Error: why" });
        }),
        step("cluster", change, () => new Promise((resolve) => setImmediate(resolve))),
      ],
    },
    step("hub", change),
  ],
  goingOn: [
    {
      ...step("storage", change, async () => {
        throw new ToolError("TerraformFailed", "terraform failed");
      }),
      goOnAfter: () => undefined,
    },
    step("hub", change),
  ],
  interrupt: [
    {
      ...step("slow", change, async (_, __, report) => {
        report.progress("working");
        await exec({ file: tool, args: [] });
      }),
      usual: 840,
    },
    step("hub", change),
  ],
};
const list = scenarios[scenario];
const options = { output, interrupts, classify: () => undefined, resume: "hubctl install" };
try {
  const { steps } = await runSteps(list, await checkSteps(list, {}, options), {}, options);
  output.result(steps.map(({ id, outcome }) => `${id} ${outcome}`).join(", "));
} catch (error) {
  output.note(formatError(error, output));
  process.exitCode = exitCodeOf(error);
}
