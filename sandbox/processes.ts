import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Something that is different for a later process with the same id; undefined if there is no such process. */
export function startTimeOf(pid: number): string | undefined {
  if (existsSync("/proc/self/stat")) {
    const fields = statFields(pid);
    // A zombie is gone but for its entry in the table.
    return fields === undefined || fields[0] === "Z" ? undefined : fields[19];
  }
  try {
    const answer = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return answer.trim().replaceAll(/\s+/g, "_") || undefined;
  } catch {
    return undefined;
  }
}

/** The fields of /proc/PID/stat after the program's name, which may itself contain spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

export function isGroupAlive(pid: number): boolean {
  return signalGroup(pid, 0);
}

/** False if there is no such process group. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    if (hasCode(error, "EPERM")) return true;
    throw error;
  }
}

/** Asks a process group to end, makes it end after the grace period, and waits until it is gone. */
export async function endGroup(
  pid: number,
  graceMilliseconds: number,
  request: NodeJS.Signals = "SIGTERM",
): Promise<void> {
  if (!signalGroup(pid, request)) return;
  if (await isTrueWithin(graceMilliseconds, () => !isGroupAlive(pid))) return;
  signalGroup(pid, "SIGKILL");
  await isTrueWithin(5_000, () => !isGroupAlive(pid));
}

/** Asks again and again; whether the condition came true in time. */
export async function isTrueWithin(
  milliseconds: number,
  condition: () => boolean | Promise<boolean>,
  intervalMilliseconds = 25,
): Promise<boolean> {
  for (const end = Date.now() + milliseconds; ;) {
    if (await condition()) return true;
    if (Date.now() >= end) return false;
    await delay(intervalMilliseconds);
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
