import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const projectRoot = join(import.meta.dirname, "..", "..");
const program = join(projectRoot, ".build", "sandbox", "main.js");

/** A simulated AWS account of a test's own. */
export interface Sandbox {
  /** The environment that an operator gets by `eval "$(npm run -s sandbox -- env)"`. */
  env: NodeJS.ProcessEnv;
  /** Credentials of somebody with another account, to lay over `env`. */
  otherAccount: NodeJS.ProcessEnv;
  down(): Promise<void>;
}

export async function startSandbox(name: string): Promise<Sandbox> {
  const sandbox = (command: string) => run(process.execPath, [program, command, "--name", name]);
  await sandbox("up");
  const { stdout } = await sandbox("env");
  const state = await readFile(join(projectRoot, ".sandbox", name, "state.json"), "utf8");
  const { stranger } = JSON.parse(state) as { stranger: { accessKeyId: string; secretAccessKey: string } };
  return {
    env: environmentFrom(stdout),
    otherAccount: { AWS_ACCESS_KEY_ID: stranger.accessKeyId, AWS_SECRET_ACCESS_KEY: stranger.secretAccessKey },
    async down() {
      await sandbox("down");
    },
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
