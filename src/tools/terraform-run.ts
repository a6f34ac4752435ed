import { closeSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { ToolError } from "../errors.ts";
import type { Command, Exec, RunningTools, StartTool } from "./exec.ts";
import { CommandError, formatCommand } from "./exec.ts";
import { identifyProcess, readProcessIdentity } from "./process-identity.ts";
import { parseStreamLine } from "./terraform-events.ts";
import { createProgress } from "./terraform-progress.ts";

/** What a long run of Terraform needs from its surroundings. */
export interface TerraformRunDependencies {
  exec: Exec;
  start: StartTool;
  running?: RunningTools;
  log?: (line: string) => void;
  redact?: (text: string) => string;
  journal?: { record(event: ToolEvent): void };
  /** Time between two looks at the stream. */
  wait?: (seconds: number) => Promise<unknown>;
}

type ToolEvent =
  | { event: "tool-started"; tool: string; pid: number; startedAt: string }
  | { event: "tool-ended"; tool: string; pid: number };

export interface TerraformReport {
  progress(text: string): void;
  note(text: string): void;
}

const recordName = "terraform-run.json";
const pollSeconds = 0.25;

const recordSchema = z.object({
  pid: z.number(),
  /** Tells the process from a later one with the same id. */
  identity: z.string(),
  action: z.string(),
  stream: z.string(),
  startedAt: z.string(),
});

type RunRecord = z.infer<typeof recordSchema>;

/** Terraform of an earlier run of hubctl. */
export type EarlierRun = Pick<RunRecord, "action" | "startedAt">;

export interface StreamedRun {
  command: Command;
  /** The stack's folder: its record and stream are kept there. */
  dir: string;
  /** "init", "plan", "apply", "destroy" */
  action: string;
  /** How many resources will be worked on, when that is known. */
  total?: number;
  /** Exit statuses that are answers and not failures; 0 always is one. */
  accept?: readonly number[];
}

/**
 * Runs Terraform with its output in a private file. When hubctl is killed, Terraform goes on to its end, which it
 * would not with a pipe: its next line would kill it, and what it was creating would be missing from the state.
 */
export async function runTerraform(
  run: StreamedRun,
  dependencies: TerraformRunDependencies,
  report: TerraformReport,
): Promise<number> {
  const { journal, log } = dependencies;
  const stream = join(run.dir, `terraform-${run.action}-${process.pid}-${Date.now()}.log`);
  const file = openSync(stream, "ax", 0o600);
  const startedAt = new Date().toISOString();
  const { pid, exited } = startAndClose(dependencies.start, run.command, stream, file);
  const reader = createStreamReader(stream, dependencies, report, run.total);
  const end = watchEnd(exited);
  try {
    // Written at once where the system allows: between start and record a kill -9 would lose sight of the process.
    let identity = readProcessIdentity(pid);
    const keep = (known: string): void =>
      writeRecord(run.dir, { pid, identity: known, action: run.action, stream, startedAt });
    if (identity !== undefined) keep(identity);
    journal?.record({ event: "tool-started", tool: `terraform ${run.action}`, pid, startedAt });
    identity ??= end.isOver || pid === 0 ? undefined : await identifyProcess(pid, dependencies.exec);
    if (identity !== undefined) keep(identity);
    await readUntil(end, reader, dependencies);
    const { exitCode, signal } = await exited;
    log?.(`  exit ${exitCode ?? signal ?? "?"} of terraform ${run.action}`);
    // Some versions end with the status for "changes" when a variable is wrong.
    const isAnswer = exitCode === 0 || (run.accept?.includes(exitCode ?? 1) === true && reader.failures() === "");
    if (isAnswer) return exitCode ?? 0;
    const output = dependencies.redact?.(reader.words()) ?? reader.words();
    const line = formatCommand(run.command);
    throw new CommandError("terraform", { command: run.command, line, exitStatus: exitCode, signal, output });
  } finally {
    reader.close();
    // If hubctl fails while Terraform still works, the next run has to find it.
    if (end.isOver) {
      forget(run.dir, stream);
      journal?.record({ event: "tool-ended", tool: `terraform ${run.action}`, pid });
    }
  }
}

/**
 * Finds Terraform of an earlier run of hubctl that was killed. If it still works, this follows it to its end.
 * Either way what it wrote goes into the log, and the next plan shows what it achieved.
 * @param afterwards what to do once it is over, before it is forgotten
 */
export async function followEarlierRun(
  dir: string,
  dependencies: TerraformRunDependencies,
  report: TerraformReport,
  afterwards: (earlier: EarlierRun) => Promise<void> = () => Promise.resolve(),
): Promise<"none" | "ended" | "followed"> {
  const record = readRecord(dir);
  if (record === undefined) return "none";
  const { exec, running } = dependencies;
  const isAlive = async (): Promise<boolean> => (await identifyProcess(record.pid, exec)) === record.identity;
  const reader = createStreamReader(record.stream, dependencies, report);
  const settle = async (): Promise<void> => {
    await afterwards(record);
    forget(dir, record.stream);
  };
  try {
    if (!(await isAlive())) {
      reader.read();
      await settle();
      return "ended";
    }
    report.note(`terraform ${record.action} of an earlier run is still working: following it`);
    const release = running?.track({ name: "terraform", pid: record.pid });
    try {
      const gone = async (): Promise<void> => {
        while (await isAlive()) await pause(dependencies);
      };
      await readUntil(watchEnd(gone()), reader, dependencies);
    } finally {
      release?.();
    }
    const [failure = ""] = reader.failures().split("\n");
    if (failure !== "") report.note(`it ended with: ${failure}`);
    await settle();
    return "followed";
  } finally {
    reader.close();
  }
}

/** The child has a descriptor of its own by then. */
function startAndClose(start: StartTool, command: Command, stream: string, file: number): ReturnType<StartTool> {
  try {
    return start(command, file);
  } catch (error) {
    rmSync(stream, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

interface End {
  isOver: boolean;
  /** Settles with the end, and never fails. */
  readonly reached: Promise<void>;
}

function watchEnd(work: Promise<unknown>): End {
  const end = { isOver: false, reached: Promise.resolve() };
  const mark = (): void => {
    end.isOver = true;
  };
  end.reached = work.then(mark, mark);
  return end;
}

async function readUntil(end: End, reader: StreamReader, dependencies: TerraformRunDependencies): Promise<void> {
  while (!end.isOver) {
    reader.read();
    await Promise.race([pause(dependencies), end.reached]);
  }
  reader.read();
}

async function pause(dependencies: TerraformRunDependencies): Promise<void> {
  await (dependencies.wait?.(pollSeconds) ?? delay(pollSeconds * 1000));
}

interface StreamReader {
  /** Reads what has come since the last time. */
  read(): void;
  /** The errors that Terraform reported; empty when there were none. */
  failures(): string;
  /** Terraform's own words about what went wrong, if need be everything that it said beside its events. */
  words(): string;
  close(): void;
}

function createStreamReader(
  path: string,
  dependencies: TerraformRunDependencies,
  report: TerraformReport,
  total?: number,
): StreamReader {
  const file = openIfThere(path);
  const decoder = new StringDecoder("utf8");
  const buffer = Buffer.alloc(64 * 1024);
  const progress = createProgress(total);
  const texts: string[] = [];
  let partial = "";
  let shown = "";
  const take = (line: string): void => {
    if (line.trim() === "") return;
    const parsed = parseStreamLine(line);
    dependencies.log?.(`  ${parsed.text}`);
    if (parsed.event === undefined) texts.push(parsed.text);
    else progress.take(parsed.event);
  };
  return {
    read() {
      if (file === undefined) return;
      for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
        const lines = (partial + decoder.write(buffer.subarray(0, size))).split("\n");
        partial = lines.pop() ?? "";
        lines.forEach(take);
      }
      const text = progress.describe();
      if (text !== "" && text !== shown) report.progress(text);
      shown = text;
    },
    failures: () => progress.failures(),
    words: () => progress.failures() || [...texts, partial].join("\n").trim(),
    close() {
      if (file !== undefined) closeSync(file);
    },
  };
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function writeRecord(dir: string, record: RunRecord): void {
  writeFileSync(join(dir, recordName), JSON.stringify(record), { mode: 0o600 });
}

function readRecord(dir: string): RunRecord | undefined {
  const path = join(dir, recordName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ToolError("RunRecordUnreadable", `${path} is not the record of a Terraform run`, {
      hint: `make sure that no terraform is running in ${dir}, then delete ${path}`,
      cause,
    });
  }
}

function forget(dir: string, stream: string): void {
  rmSync(join(dir, recordName), { force: true });
  rmSync(stream, { force: true });
}
