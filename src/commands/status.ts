import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import { createClients } from "../aws/clients.ts";
import { readLock } from "../config/lock-file.ts";
import { workDirPaths } from "../config/work-dir.ts";
import { AbortError, exitCodes } from "../errors.ts";
import { checkHealth } from "../health/check-health.ts";
import { formatHealth } from "../health/format-health.ts";
import type { Health } from "../health/layer.ts";
import { checkNotInstalled } from "../health/not-installed.ts";
import { createExec } from "../tools/exec.ts";
import { createOutput, type Output } from "../ui/output.ts";
import { openScreen } from "../ui/screen.ts";
import { loadConfigured, thisProgram, type ConfiguredOptions } from "./configured.ts";

export interface StatusOptions extends ConfiguredOptions {
  json: boolean;
  watch: boolean;
}

const secondsBetweenLooks = 10;

/** Tells how a deployment is, layer by layer. Changes nothing, neither in AWS nor in the config folder. */
export async function status(options: StatusOptions): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    const { look, format } = await prepare(options, interrupted.signal);
    const health = await (options.watch ? watch : lookOnce)(look, format, options.json, interrupted.signal);
    if (health.layers.some(({ state }) => state === "problem")) process.exitCode = exitCodes.toolFailed;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

type Look = () => Promise<Health>;
type Format = (health: Health) => string[];

/** Reads the configuration once: what is watched is what it said at the start. */
async function prepare(options: StatusOptions, signal: AbortSignal): Promise<{ look: Look; format: Format }> {
  const { config, deployment, files } = await loadConfigured({ ...options, needsSecrets: false }, createExec());
  const aws = createClients(config.aws.region, config.aws);
  const { kubeconfig } = workDirPaths(deployment);
  const kubeconfigHint = existsSync(kubeconfig)
    ? `export KUBECONFIG=${kubeconfig}`
    : `hubctl kubeconfig --deployment ${deployment.name} > FILE; export KUBECONFIG=FILE`;
  return {
    look() {
      const lock = readLock(deployment.lockFile);
      if (!lock) return checkNotInstalled({ deployment, config, aws });
      return checkHealth({ deployment, config, lock, files, aws, program: thisProgram, signal });
    },
    format: (health) =>
      formatHealth(health, {
        columns: process.stdout.columns || 100,
        style: (style, text) => styleText(style, text, { stream: process.stdout }),
        kubeconfigHint,
      }),
  };
}

async function lookOnce(look: Look, format: Format, json: boolean, signal: AbortSignal): Promise<Health> {
  const output = createOutput({ json });
  const health = await lookFirst(look, output);
  if (signal.aborted) throw new AbortError("Interrupted", "interrupted");
  output.result(format(health).join("\n"), health);
  return health;
}

/** The first look begins with an empty screen. */
function lookFirst(look: Look, output: Output): Promise<Health> {
  return look().finally(output.showStatus("looking at all layers …"));
}

/** Looks again and again until it is interrupted, which is its ordinary end; the last look counts. */
async function watch(look: Look, format: Format, json: boolean, signal: AbortSignal): Promise<Health> {
  const screen = json ? undefined : openScreen(process.stdout);
  let health: Health | undefined;
  try {
    while (!signal.aborted) {
      const found = await (health ? look() : lookFirst(look, createOutput()));
      // What an interrupt has cut short tells nothing.
      if (isAborted(signal)) break;
      health = found;
      if (screen) screen.show(format(health));
      else process.stdout.write(`${JSON.stringify(health)}\n`);
      await sleep(secondsBetweenLooks * 1000, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    screen?.close();
  }
  if (!health) throw new AbortError("Interrupted", "interrupted before the first look was over");
  return health;
}

/** TypeScript takes what it was before a wait for what it is afterwards. */
function isAborted({ aborted }: AbortSignal): boolean {
  return aborted;
}
