import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { CallRecord } from "../../sandbox/aws/front.ts";
import { isGroupAlive, signalGroup } from "../../sandbox/processes.ts";
import type { JournalEvent } from "../../src/engine/journal.ts";
import { startHubctl, type Ended } from "./hubctl.ts";
import { deployment, type InstalledWorld } from "./installed-world.ts";
import { projectRoot } from "./sandbox.ts";

/** A moment that is the same on every machine: so many calls to AWS after a step has begun, or at its end. */
export interface Moment {
  step: string;
  calls: number;
}

/**
 * "hubctl": kill -9 of hubctl, whose tools go on. "all": of its tools, too, as when a machine loses its power. "SIGINT":
 * Ctrl-C, once.
 */
export type Blow = "hubctl" | "all" | "SIGINT";

export interface KilledRun extends Ended {
  /** False if the run ended before the moment came. */
  wasHit: boolean;
}

/** Runs hubctl in a process group of its own, and stops it at the moment; gives what it said until its end. */
export async function runUntil(
  args: string[],
  world: InstalledWorld,
  { moment, blow }: { moment: Moment; blow: Blow },
): Promise<KilledRun> {
  const journal = followJournal(world, args[0] ?? "");
  const calls = followFile<CallRecord>(join(projectRoot, ".sandbox", world.name, "calls.jsonl"), "from now on");
  const run = startHubctl(args, { ...world, detached: true });
  const { pid } = run.process;
  if (pid === undefined) throw new Error("hubctl did not start");
  const tools = new Set<number>();
  /** Calls since the step has begun. */
  let counted: number | undefined;
  const isTime = (): boolean => {
    let isOver = false;
    for (const event of journal()) {
      if (event.event === "tool-started") tools.add(event.pid);
      if (event.event === "tool-ended") tools.delete(event.pid);
      if (!("step" in event) || event.step !== moment.step) continue;
      if (event.event === "step-started") counted ??= 0;
      isOver ||= event.event === "step-done" || event.event === "step-failed";
    }
    const made = calls().filter(({ internal, caller }) => !internal && caller.endsWith(":user/operator")).length;
    if (counted !== undefined) counted += made;
    return isOver || (counted !== undefined && counted >= moment.calls);
  };
  const over = new AbortController();
  const ended = run.ended.finally(() => over.abort());
  const wasHit = await isTrueBefore(over.signal, isTime);
  if (wasHit) strike(pid, tools, blow);
  return { ...(await ended), wasHit };
}

/** Asks very often: a step may be over in a moment. */
async function isTrueBefore(end: AbortSignal, ask: () => boolean): Promise<boolean> {
  while (!end.aborted) {
    if (ask()) return true;
    await delay(10);
  }
  return false;
}

function strike(pid: number, tools: ReadonlySet<number>, blow: Blow): void {
  if (blow === "SIGINT") {
    process.kill(pid, "SIGINT");
    return;
  }
  signalGroup(pid, "SIGKILL");
  if (blow === "all") for (const tool of tools) if (isGroupAlive(tool)) signalGroup(tool, "SIGKILL");
}

/** The events of the next run of a command; its journal does not exist yet. */
function followJournal({ cwd }: InstalledWorld, command: string): () => JournalEvent[] {
  const folder = join(cwd, ".hubctl", deployment, "journal");
  const list = () => (existsSync(folder) ? readdirSync(folder) : []);
  const earlier = new Set(list());
  let follow: (() => JournalEvent[]) | undefined;
  return () => {
    const name = list().find((file) => !earlier.has(file) && file.endsWith(`-${command}.jsonl`));
    if (name === undefined) return [];
    follow ??= followFile<JournalEvent>(join(folder, name), "from its beginning");
    return follow();
  };
}

/** What has been added to a file of JSON lines since the last call. */
function followFile<Line>(path: string, start: "from its beginning" | "from now on"): () => Line[] {
  let rest = "";
  let position = 0;
  const read = (): Line[] => {
    const lines = `${rest}${readFrom(path, position, (count) => (position += count))}`.split("\n");
    rest = lines.pop() ?? "";
    return lines.map((line) => JSON.parse(line) as Line);
  };
  if (start === "from now on") read();
  return read;
}

function readFrom(path: string, position: number, advance: (count: number) => void): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(fstatSync(file).size - position);
    const count = readSync(file, bytes, 0, bytes.length, position);
    advance(count);
    return bytes.toString("utf8", 0, count);
  } finally {
    closeSync(file);
  }
}
