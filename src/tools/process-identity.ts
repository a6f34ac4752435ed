import { readFileSync } from "node:fs";
import type { Exec } from "./exec.ts";

/**
 * What tells a running process from a later one with the same id: the boot and the time it started. Undefined when
 * there is no such process, or when only its exit status is left of it. Linux; elsewhere see `identifyProcess`.
 */
export function readProcessIdentity(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses, and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const startTime = fields[19];
  if (state === "Z" || state === "X" || startTime === undefined) return undefined;
  return `${readIfThere("/proc/sys/kernel/random/boot_id")?.trim() ?? ""}:${startTime}`;
}

/** The same on every system; on macOS `ps` says when the process started. */
export async function identifyProcess(
  pid: number,
  exec: Exec,
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  if (platform === "linux") return readProcessIdentity(pid);
  const command = { file: "ps", args: ["-o", "state=,lstart=", "-p", String(pid)], env: { LC_ALL: "C" } };
  const { stdout } = await exec(command, { accept: [1], evenIfInterrupted: true });
  const [state = "", ...started] = stdout.trim().split(/\s+/);
  return state === "" || state.startsWith("Z") ? undefined : started.join(" ");
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}
