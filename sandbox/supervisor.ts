/** The one long-lived process of a sandbox: holds the simulated AWS and owns every program of it. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { seedAccount } from "./aws/seed.ts";
import type { Binaries } from "./binaries/index.ts";
import { startSimulation, type Simulation } from "./simulation.ts";
import { accountFile, identityOf, keepSignal, writeState, type SandboxState } from "./state.ts";
import { createWorld, type World } from "./world.ts";

type Account = Required<Pick<SandboxState, "operator" | "stranger" | "certificateArn">>;

/** Written by `up` before it starts the supervisor. */
interface Launch {
  name: string;
  region?: string;
  binaries: Binaries;
}

const [, , dir] = process.argv;
if (dir === undefined) throw new Error("usage: supervisor FOLDER");
await superviseSandbox(dir);

async function superviseSandbox(dir: string): Promise<void> {
  const launch = JSON.parse(readFileSync(join(dir, "launch.json"), "utf8")) as Launch;
  const world = createWorld({
    dir,
    ...launch,
    onUnexpectedExit: (name, { code, signal }) => log(`${name} ended with ${signal ?? code ?? "nothing"}`),
  });
  const state: SandboxState = {
    name: launch.name,
    phase: "starting",
    supervisor: identityOf(process.pid),
    startedAt: new Date().toISOString(),
    account: world.account,
    region: world.region,
    clusters: [],
  };
  const save = () => writeState(dir, state);
  keepWatchdog(dir, (pid) => {
    state.watchdog = identityOf(pid);
    save();
  });

  let simulation: Simulation | undefined;
  let isStopping = false;
  const stop = async (exitCode: number, end?: (running: Simulation) => Promise<void>) => {
    if (isStopping) return;
    isStopping = true;
    try {
      if (state.phase !== "failed") state.phase = "stopping";
      save();
      if (simulation !== undefined) await (end?.(simulation) ?? simulation.stop());
      if (end !== undefined) state.phase = "kept";
      save();
    } catch (error) {
      // Also when somebody has removed the folder: whatever it is, the process ends.
      log(`stopping: ${messageOf(error)}`);
    } finally {
      // Ends the watchdog, too, whose pipe closes.
      process.exit(exitCode);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
  process.on(keepSignal, () => void stop(0, (running) => running.keep()));
  process.on("unhandledRejection", (error) => log(`unhandled: ${messageOf(error)}`));

  try {
    simulation = await startSimulation(world, {
      log,
      onClusters: (running) => {
        state.clusters = running;
        save();
      },
    });
    const { dns, proxy, authority } = simulation.publicSide;
    state.publicSide = { dns, proxy, authority };
    Object.assign(state, { phase: "ready", endpoint: world.endpoint, ...(await accountOf(world, simulation)) });
    save();
    log(`ready at ${world.endpoint}`);
  } catch (error) {
    state.phase = "failed";
    state.error = messageOf(error);
    log(`failed: ${state.error}`);
    await stop(1);
  }
}

/** Keys and certificate of the account, which are made once. */
async function accountOf(world: World, { moto, front, isResumed }: Simulation): Promise<Account> {
  const file = join(world.dir, accountFile);
  if (isResumed) return JSON.parse(readFileSync(file, "utf8")) as Account;
  const { account, region } = world;
  const seeded = await seedAccount({ moto, account, region, identities: front.identities });
  const { operator, stranger, certificateArn } = seeded;
  const made = { operator, stranger, certificateArn };
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

/** Starts the watchdog, and again if it ends before the supervisor does. */
function keepWatchdog(dir: string, onStart: (pid: number) => void): void {
  const here = fileURLToPath(import.meta.url);
  const output = openSync(join(dir, "logs/watchdog.log"), "a", 0o600);
  const watchdog = spawn(process.execPath, [join(dirname(here), "watchdog.js"), dir], {
    // Its own group: what ends the supervisor's group must not end it.
    detached: true,
    stdio: ["pipe", output, output],
    cwd: dir,
  });
  closeSync(output);
  watchdog.stdin?.on("error", () => undefined);
  watchdog.once("exit", () => keepWatchdog(dir, onStart));
  if (watchdog.pid !== undefined) onStart(watchdog.pid);
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
