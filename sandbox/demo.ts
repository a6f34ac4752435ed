import { spawn } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { sandboxEnvironment } from "./environment.ts";
import { startSandbox } from "./lifecycle.ts";
import { projectRoot } from "./paths.ts";
import { sandboxFolder } from "./state.ts";

const name = "demo";
const started = Date.now();
const folder = sandboxFolder(name);
const state = await startSandbox(folder, name, say);

const { set, unset } = sandboxEnvironment(folder, state, process.env);
const env: NodeJS.ProcessEnv = { ...process.env, ...set, HUB_DEPLOYMENT_NAME: "dandihub" };
for (const variable of unset) Reflect.deleteProperty(env, variable);

// A copy in the sandbox's own folder: the example stays as it is, and `down` removes what the install leaves.
const cwd = join(folder, "dandihub");
mkdirSync(cwd, { recursive: true });
cpSync(join(projectRoot, "examples", "dandihub"), cwd, { recursive: true });
const work = join(cwd, ".hubctl", "dandihub");
const kubeconfig = ["--kubeconfig", join(work, "kubeconfig")];

await show(cwd, process.execPath, [
  join(projectRoot, "bin", "hubctl.js"),
  "install",
  "--deployment",
  "dandihub",
  "--yes",
]);
for (const stack of ["storage", "cluster"]) await show(join(work, "terraform", stack), "terraform", ["state", "list"]);
await show(cwd, "helm", ["list", "-A", ...kubeconfig]);
await show(cwd, "kubectl", ["get", "nodes,pods,svc,pvc", "-A", ...kubeconfig]);

say(`\nThe demo took ${Math.round((Date.now() - started) / 1000)} s. The sandbox is still up:`);
say(`  eval "$(npm run -s sandbox -- env --name ${name})"   then hubctl, terraform, helm, kubectl and aws work on it`);
say(`  cd ${cwd}`);
say(`  npm run sandbox -- down --name ${name}               stops it and removes all of it`);

/** Runs a command as an operator would see it; ends the demo when it fails. */
async function show(folder: string, file: string, args: string[]): Promise<void> {
  say(`\n$ ${[file === process.execPath ? "node" : file, ...args].join(" ")}`);
  const child = spawn(file, args, { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  if (code !== 0) process.exit(code ?? 1);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
