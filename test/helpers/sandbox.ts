import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const projectRoot = join(import.meta.dirname, "..", "..");
const program = join(projectRoot, ".build", "sandbox", "main.js");

/** A simulated AWS account of a test's own. */
export interface Sandbox {
  /** The environment that an operator gets by `eval "$(npm run -s sandbox -- env)"`. */
  env: NodeJS.ProcessEnv;
  down(): Promise<void>;
}

export async function startSandbox(name: string): Promise<Sandbox> {
  const sandbox = (command: string) => run(process.execPath, [program, command, "--name", name]);
  await sandbox("up");
  const { stdout } = await sandbox("env");
  return {
    env: environmentFrom(stdout),
    down: async () => void (await sandbox("down")),
  };
}

/** Applies the lines `export NAME='value'` and `unset NAME` to this process's environment. */
function environmentFrom(lines: string): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const line of lines.split("\n")) {
    const [, name, value] = /^export (\w+)='(.*)'$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) env[name] = value.replaceAll(`'\\''`, "'");
    for (const unset of /^unset (.+)$/.exec(line)?.[1]?.split(" ") ?? []) Reflect.deleteProperty(env, unset);
  }
  return env;
}
