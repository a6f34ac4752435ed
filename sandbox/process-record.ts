import { appendFileSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isGroupAlive, isTrueWithin, signalGroup, startTimeOf } from "./processes.ts";

export interface RecordedProcess {
  pid: number;
  startTime: string;
  name: string;
}

const recordFile = "processes";
const markVariable = "HUBCTL_SANDBOX_FOLDER";

/** In the environment of every process of a sandbox, and so of what these start. */
export function markEnvironment(dir: string): Record<string, string> {
  return { [markVariable]: dir };
}

/** Notes a process group that has to end with the sandbox; one line each, in the order of their start. */
export function recordProcess(dir: string, pid: number, name: string): void {
  appendFileSync(join(dir, recordFile), `${pid}\t${startTimeOf(pid) ?? ""}\t${name}\n`, { mode: 0o600 });
}

/** The recorded processes that still run. */
export function runningProcesses(dir: string): RecordedProcess[] {
  return readRecord(dir).filter(({ pid, startTime }) => startTime !== "" && startTimeOf(pid) === startTime);
}

function readRecord(dir: string): RecordedProcess[] {
  const file = join(dir, recordFile);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [pid = "", startTime = "", name = ""] = line.split("\t");
      return { pid: Number(pid), startTime, name };
    });
}

/** Ends whatever is left of a sandbox at once; for a sandbox whose supervisor is gone. False if something remains. */
export async function endRecorded(dir: string): Promise<boolean> {
  return await isTrueWithin(10_000, () => {
    const groups = leftGroups(dir);
    for (const pid of groups) signalGroup(pid, "SIGKILL");
    const strays = markedProcesses(dir);
    for (const pid of strays) killProcess(pid);
    return groups.length === 0 && strays.length === 0;
  });
}

/** A group outlives its leader, whose id no other process gets as long as the group exists. */
function leftGroups(dir: string): number[] {
  return readRecord(dir)
    .filter(({ pid, startTime }) => {
      const now = startTimeOf(pid);
      return now === undefined ? isGroupAlive(pid) : now === startTime;
    })
    .map(({ pid }) => pid);
}

/**
 * Processes that carry the sandbox's mark, where the system tells (Linux): those that left their group, and one that was
 * started but not yet recorded when the supervisor was killed.
 */
function markedProcesses(dir: string): number[] {
  if (!existsSync("/proc/self/environ")) return [];
  const mark = `${markVariable}=${dir}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => environmentOf(entry).includes(mark))
    .map(Number);
}

/** Empty for processes of other users, zombies, and those that are gone. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone meanwhile.
  }
}
