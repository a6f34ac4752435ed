import { Command } from "commander";
import { programVariables } from "./binaries/index.ts";
import { sandboxEnvironment, shellLines } from "./environment.ts";
import { SandboxError } from "./errors.ts";
import { startSandbox, stopSandbox } from "./lifecycle.ts";
import { isAlive, readState, sandboxFolder } from "./state.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import { describeSandbox } from "./status.ts";

interface SnapshotOptions extends Options {
  with?: string;
}

interface Options {
  name: string;
  state?: string;
}

const program = new Command("sandbox")
  .description("A simulated AWS account on this machine, in which hubctl and its tools run unmodified")
  .addHelpText(
    "after",
    [
      "",
      "Programs are taken from these variables, else from PATH where the version fits, else built or downloaded once:",
      ...Object.values(programVariables).map((variable) => `  ${variable}`),
      "HUBCTL_SANDBOX_PROVIDER_MIRROR names a filesystem mirror that holds the provider hashicorp/aws.",
      "HUBCTL_SANDBOX_STATE names the folder of all sandboxes, .sandbox of the project otherwise.",
    ].join("\n"),
  );

function addCommand(name: string, description: string, action: (dir: string, name: string) => Promise<void> | void) {
  program
    .command(name)
    .description(description)
    .option("--name <name>", "which sandbox", "default")
    .option("--state <folder>", "folder that holds the sandboxes")
    .action(async (options: Options) => await action(sandboxFolder(options.name, options.state), options.name));
}

addCommand("up", "start it", async (dir, name) => {
  const start = Date.now();
  const state = await startSandbox(dir, name, report);
  report(`sandbox ${name} is ready after ${((Date.now() - start) / 1000).toFixed(1)} s: ${state.endpoint ?? ""}`);
  const flag = name === "default" ? "" : ` --name ${name}`;
  report(`→ eval "$(npm run -s sandbox -- env${flag})"`);
});

addCommand("env", "print the settings with which a shell uses it, for eval", (dir, name) => {
  const state = stateOf(dir, name);
  if (!isAlive(state.supervisor)) throw new SandboxError(`sandbox ${name} is dead`, "npm run sandbox -- up");
  print(shellLines(sandboxEnvironment(dir, state, process.env)));
});

addCommand("status", "print what runs", (dir, name) => print(describeSandbox(dir, stateOf(dir, name))));

addSnapshotCommand("snapshot", "keep its world under a name, for any number of restores", {
  folder: "folder to keep with it, such as the one that holds the hub's configuration",
  run: takeSnapshot,
  done: "is kept",
});

addSnapshotCommand("restore", "put a snapshot in its place; makes the sandbox if there is none", {
  folder: "where to put the folder that was kept",
  run: restoreSnapshot,
  done: "is restored",
});

addCommand("down", "stop it and remove everything that it made", async (dir, name) => {
  const wasThere = await stopSandbox(dir, report);
  report(wasThere ? `sandbox ${name} is gone` : `there is no sandbox ${name}`);
});

function addSnapshotCommand(
  name: string,
  description: string,
  { folder, run, done }: { folder: string; run: typeof takeSnapshot; done: string },
) {
  program
    .command(name)
    .description(description)
    .argument("<snapshot>", "its name")
    .option("--name <name>", "which sandbox", "default")
    .option("--state <folder>", "folder that holds the sandboxes")
    .option("--with <folder>", folder)
    .action(async (snapshot: string, options: SnapshotOptions) => {
      const start = Date.now();
      await run(sandboxFolder(options.name, options.state), snapshot, options.with, report);
      report(`snapshot ${snapshot} ${done} after ${((Date.now() - start) / 1000).toFixed(1)} s`);
    });
}

function stateOf(dir: string, name: string) {
  const state = readState(dir);
  if (state === undefined) throw new SandboxError(`there is no sandbox ${name}`, "npm run sandbox -- up");
  return state;
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

try {
  await program.parseAsync();
} catch (error) {
  report(`✖ ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof SandboxError && error.hint !== undefined) report(`→ ${error.hint}`);
  process.exitCode = 1;
}
