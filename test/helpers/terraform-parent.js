// A stand-in for hubctl itself, to be killed or interrupted: runs one Terraform command the way hubctl does.
import { createInterrupts } from "../../dist/engine/interrupt.js";
import { createExec, createStartTool } from "../../dist/tools/exec.js";
import { followEarlierRun, runTerraform } from "../../dist/tools/terraform-run.js";

const [mode, dir, file, action, ...args] = process.argv.slice(2);
const say = (text) => process.stdout.write(`${text}\n`);
const report = { progress: (text) => say(`progress: ${text}`), note: (text) => say(`note: ${text}`) };
const interrupts = createInterrupts({ note: (text) => say(`interrupt: ${text}`) });
interrupts.listen();
const dependencies = {
  exec: createExec({ running: interrupts }),
  start: createStartTool({ running: interrupts }),
  running: interrupts,
  log: (line) => say(`log: ${line}`),
};
try {
  if (mode === "follow") say(`found: ${await followEarlierRun(dir, dependencies, report)}`);
  else await runTerraform({ command: { file, args: [action, ...args], cwd: dir }, dir, action }, dependencies, report);
  say("ended: well");
} catch (error) {
  say(`ended: ${error.code}: ${error.message}: ${error.output}`);
  process.exitCode = error.exitCode;
}
