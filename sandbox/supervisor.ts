/** The one long-lived process of a sandbox: holds the simulated AWS and owns every program of it. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EksService } from "./aws/eks/index.ts";
import { startFront } from "./aws/front.ts";
import { startMoto } from "./aws/moto.ts";
import { seedAccount } from "./aws/seed.ts";
import type { Binaries } from "./binaries/index.ts";
import { createDataPlane } from "./data-plane.ts";
import { identityOf, writeState, type SandboxState } from "./state.ts";
import { createWorld } from "./world.ts";

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

  const stopping: (() => Promise<void>)[] = [];
  let isStopping = false;
  const stop = async (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    if (state.phase !== "failed") state.phase = "stopping";
    save();
    for (const step of stopping.splice(0)) {
      await step().catch((error: unknown) => log(`stopping: ${messageOf(error)}`));
    }
    // Ends the watchdog, too, whose pipe closes.
    process.exit(exitCode);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
  process.on("unhandledRejection", (error) => log(`unhandled: ${messageOf(error)}`));

  try {
    const moto = await startMoto(world);
    stopping.unshift(() => moto.stop());
    const front = await startFront({
      moto: moto.endpoint,
      account: world.account,
      region: world.region,
      callLog: join(dir, "calls.jsonl"),
      ...(moto.serviceModels === undefined ? {} : { serviceModels: moto.serviceModels }),
    });
    stopping.unshift(() => front.stop());
    world.endpoint = front.url;
    const eks: EksService = new EksService({
      account: world.account,
      region: world.region,
      dir: join(dir, "eks"),
      aws: { endpoint: () => world.endpoint, credentials: front.internal },
      dataPlane: createDataPlane({
        world,
        front,
        eks: () => eks,
        onChange: (running) => {
          state.clusters = running;
          save();
        },
        log,
      }),
      log,
    });
    stopping.unshift(() => eks.stop());
    front.route("eks", eks.handle);
    const seeded = await seedAccount({
      moto: moto.endpoint,
      account: world.account,
      region: world.region,
      identities: front.identities,
    });
    Object.assign(state, {
      phase: "ready",
      endpoint: front.url,
      operator: seeded.operator,
      stranger: seeded.stranger,
      certificateArn: seeded.certificateArn,
    } satisfies Partial<SandboxState>);
    save();
    log(`ready at ${front.url}`);
  } catch (error) {
    state.phase = "failed";
    state.error = messageOf(error);
    log(`failed: ${state.error}`);
    await stop(1);
  }
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
