import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { browse } from "./browse.ts";
import { hubctlProgram, prepareExample } from "./example.ts";
import { startSandbox, stopSandbox } from "./lifecycle.ts";
import { sandboxFolder } from "./state.ts";

const name = "demo";
const hubHealth = "https://hub.dandi.example/hub/health";
const deployment = "dandihub";
const { keep } = parseArgs({ options: { keep: { type: "boolean", default: false } } }).values;
const started = Date.now();
const folder = sandboxFolder(name);
const state = await startSandbox(folder, name, say);

const { env, work, kubeconfig, install } = prepareExample(folder, state);
const { cwd } = install;
const cluster = ["--kubeconfig", kubeconfig];

await show(cwd, install.file, install.args);
for (const stack of ["storage", "cluster"]) await show(join(work, "terraform", stack), "terraform", ["state", "list"]);
await show(cwd, "helm", ["list", "-A", ...cluster]);
await show(cwd, "kubectl", ["get", "nodes,pods,svc,pvc", "-A", ...cluster]);
if (state.publicSide) await visit(hubHealth, state.publicSide);

if (keep) {
  say(`\nThe demo took ${secondsSoFar()} s. The hub stays installed:`);
  sayHowToGoOn();
} else {
  const hubctl = (...args: string[]) => show(cwd, process.execPath, [hubctlProgram, ...args]);
  await hubctl("cleanup", "--deployment", deployment, "--data", "delete", "--confirm", deployment);
  await hubctl("audit");
  say("");
  await stopSandbox(folder, say);
  say(`The demo took ${secondsSoFar()} s. The hub is gone, and the simulated account with it.`);
  say("  npm run demo -- --keep    stops before the cleanup, and leaves you the hub to look at");
}

/** As a browser would: by the simulated DNS, load balancer and certificate. */
async function visit(url: string, world: { proxy: string; authority: string }): Promise<void> {
  say(`\nGET ${url}`);
  const { status, body, certificate } = await browse(url, world);
  say(`${status} ${body.trim()}`);
  say(`TLS certificate for ${certificate.subjectaltname ?? "nobody"}, valid to ${certificate.valid_to}`);
}

/** Runs a command as an operator would see it; ends the demo when it fails. */
async function show(folder: string, file: string, args: string[]): Promise<void> {
  say(`\n$ ${[file === process.execPath ? "node" : file, ...args].join(" ")}`);
  const child = spawn(file, args, { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  if (code === 0) return;
  say(`\nThe demo stopped after ${secondsSoFar()} s. The sandbox is still up:`);
  sayHowToGoOn();
  process.exit(code ?? 1);
}

function sayHowToGoOn(): void {
  say(
    `  eval "$(npm run -s sandbox -- env --name ${name})"   then hubctl, terraform, helm, kubectl and aws work on it`,
  );
  say(`  cd ${cwd}`);
  say(`  npm run sandbox -- down --name ${name}               stops it and removes all of it`);
}

function secondsSoFar(): number {
  return Math.round((Date.now() - started) / 1000);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
