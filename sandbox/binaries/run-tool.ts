import { execFile } from "node:child_process";
import { SandboxError } from "../errors.ts";
import { hasCode } from "../processes.ts";

export interface RunOptions {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>;
  timeoutMilliseconds?: number;
}

/** Runs a program to its end; its standard output, or an error with the last lines that it wrote. */
export function runTool(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        timeout: options.timeoutMilliseconds ?? 0,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
        } else if (hasCode(error, "ENOENT")) {
          reject(new SandboxError(`${file} was not found`));
        } else {
          const tail = (stderr || stdout || error.message).trimEnd().split("\n").slice(-20).join("\n");
          reject(new SandboxError(`${file} ${args.slice(0, 3).join(" ")} failed:\n${tail}`));
        }
      },
    );
  });
}
