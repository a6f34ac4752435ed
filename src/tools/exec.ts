import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { execa } from "execa";
import { AbortError, ToolError, UserError } from "../errors.ts";

/** One call of an external program: argv only, never a shell. */
export interface Command {
  /** Name on PATH, or a path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** Added to the inherited environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Fed to standard input, which is closed otherwise. The place for secrets. */
  readonly input?: string | undefined;
  /** Values that must not show up in the log or in an error, whatever the tool prints. */
  readonly secrets?: readonly string[];
}

interface ExecOptions {
  /** Exit statuses that are answers and not failures; 0 always is one. */
  accept?: readonly number[];
  /** Start it although the run was interrupted: for what is needed to stop safely. */
  evenIfInterrupted?: boolean;
}

interface ExecResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export type Exec = (command: Command, options?: ExecOptions) => Promise<ExecResult>;

/** A tool that outlives hubctl if it must: its output goes to a file, not into a pipe. */
interface StartedTool {
  readonly pid: number;
  readonly exited: Promise<{ exitCode: number | undefined; signal: string | undefined }>;
}

/** Starts a tool with standard output and standard error on an open file. */
export type StartTool = (command: Command, output: number) => StartedTool;

/** Who has to hear of an interrupt; implemented by engine/interrupt.ts. */
export interface RunningTools {
  readonly signal: AbortSignal;
  /** Registers a tool that leads a process group of its own; call the result when it has ended. */
  track(tool: { name: string; pid: number }): () => void;
}

export interface ExecDependencies {
  /** What children inherit, less the secrets; process.env unless a test says otherwise. */
  env?: NodeJS.ProcessEnv;
  running?: RunningTools;
  log?: (line: string) => void;
  redact?: (text: string) => string;
}

/** A tool that ended with a failure. `fullOutput` is for the table of known failures; `output` is what people see. */
export class CommandError extends ToolError {
  readonly tool: string;
  readonly command: string;
  /** What the tool was to do: "plan", "upgrade". */
  readonly subcommand: string;
  readonly exitStatus: number | undefined;
  readonly signal: string | undefined;
  readonly fullOutput: string;

  constructor(
    tool: string,
    failure: {
      command: Command;
      line: string;
      exitStatus?: number | undefined;
      signal?: string | undefined;
      output: string;
    },
  ) {
    const how =
      failure.signal === undefined
        ? `failed with exit code ${failure.exitStatus ?? "unknown"}`
        : `was ended by ${failure.signal}`;
    super(
      `${capitalize(tool)}Failed`,
      `${failure.line} ${how}`,
      failure.output.trim() === "" ? {} : { output: lastLines(failure.output, 20) },
    );
    this.tool = tool;
    this.command = failure.line;
    this.subcommand = failure.command.args[0] ?? "";
    this.exitStatus = failure.exitStatus;
    this.signal = failure.signal;
    this.fullOutput = failure.output;
  }
}

const howToInstall: Readonly<Record<string, string>> = {
  terraform: "install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu",
  tofu: "install OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install/)",
  helm: "install Helm 4 (https://helm.sh/docs/intro/install/)",
  kubectl: "install kubectl (https://kubernetes.io/docs/tasks/tools/)",
};

/** Makes the only function that runs external tools and waits for their output. */
export function createExec(dependencies: ExecDependencies = {}): Exec {
  return async (command, options = {}) => {
    if (!options.evenIfInterrupted) refuseAfterInterrupt(command, dependencies.running);
    const hide = hideSecrets(command, dependencies.redact);
    const line = hide(formatCommand(command));
    dependencies.log?.(`$ ${line}`);
    const started = Date.now();
    const child = execa(command.file, command.args, {
      ...childOptions(command, dependencies.env),
      ...(command.input === undefined ? { stdin: "ignore" } : { input: command.input }),
      stripFinalNewline: false,
    });
    const release = track(command, child.pid, dependencies.running);
    const result = await child.finally(release);
    if (result.exitCode === undefined && result.signal === undefined) throw notStarted(command, result);
    dependencies.log?.(
      `  exit ${result.exitCode ?? result.signal ?? "?"} after ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
    const { stdout, stderr, exitCode } = result;
    if (exitCode !== undefined && (exitCode === 0 || options.accept?.includes(exitCode)))
      return { stdout, stderr, exitCode };
    const output = hide(stderr.trim() === "" ? stdout : stderr);
    for (const text of output.trimEnd().split("\n")) dependencies.log?.(`  ${text}`);
    throw new CommandError(toolName(command), { command, line, exitStatus: exitCode, signal: result.signal, output });
  };
}

/** Makes the function that starts tools whose output goes to a file; execa has no way to hand on a descriptor above 2. */
export function createStartTool(dependencies: ExecDependencies = {}): StartTool {
  return (command, output) => {
    refuseAfterInterrupt(command, dependencies.running);
    dependencies.log?.(`$ ${hideSecrets(command, dependencies.redact)(formatCommand(command))}`);
    const child = spawn(command.file, command.args, {
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: childEnv(dependencies.env ?? process.env, command.env),
      detached: true,
      stdio: ["ignore", output, output],
    });
    const release = track(command, child.pid, dependencies.running);
    const exited = new Promise<Awaited<StartedTool["exited"]>>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        reject(notStarted(command, { code: error.code, originalMessage: error.message, cause: error }));
      });
      child.once("exit", (code, signal) => {
        resolve({ exitCode: code ?? undefined, signal: signal ?? undefined });
      });
    });
    // A tool that was never started has no pid; the caller learns why from `exited`.
    return { pid: child.pid ?? 0, exited: exited.finally(release) };
  };
}

/** The command as one can paste it into a shell. */
export function formatCommand(command: Pick<Command, "file" | "args">): string {
  return [command.file, ...command.args].map(quote).join(" ");
}

/** Whether an environment variable holds a secret that no child process needs to see. */
function isSecretVariable(name: string): boolean {
  return (
    name.startsWith("TF_VAR_") ||
    /(PASSWORD|CLIENT_SECRET|_CLIENT_ID)$/i.test(name) ||
    /^HUBCTL_.*(SECRET|TOKEN)/.test(name)
  );
}

function childOptions(command: Command, env: NodeJS.ProcessEnv = process.env) {
  return {
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    env: childEnv(env, command.env),
    extendEnv: false,
    // A process group of its own keeps a terminal's Ctrl-C away from the tool; engine/interrupt.ts passes on exactly one.
    detached: true,
    cleanup: false,
    reject: false,
  } as const;
}

function childEnv(inherited: NodeJS.ProcessEnv, own: Command["env"] = {}): Record<string, string> {
  const entries = Object.entries({ ...inherited, ...own }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries.filter(([name]) => Object.hasOwn(own, name) || !isSecretVariable(name)));
}

function refuseAfterInterrupt(command: Command, running: RunningTools | undefined): void {
  if (running?.signal.aborted)
    throw new AbortError("Interrupted", `interrupted before ${toolName(command)} was started`);
}

function track(command: Command, pid: number | undefined, running: RunningTools | undefined): () => void {
  if (pid === undefined || running === undefined) return () => undefined;
  return running.track({ name: toolName(command), pid });
}

function notStarted(
  command: Command,
  result: { code?: string | undefined; originalMessage?: string | undefined; cause?: unknown },
): Error {
  const tool = toolName(command);
  const folderIsThere = command.cwd === undefined || existsSync(command.cwd);
  if (result.code === "ENOENT" && folderIsThere) {
    return new UserError("ToolNotFound", `${command.file} is not installed or not on PATH`, {
      hint: howToInstall[tool] ?? `install ${tool}`,
      cause: result.cause,
    });
  }
  return new ToolError(
    "ToolNotStarted",
    `${command.file} could not be started: ${result.originalMessage ?? "unknown"}`,
    {
      cause: result.cause,
    },
  );
}

function toolName(command: Pick<Command, "file">): string {
  return basename(command.file);
}

function hideSecrets(command: Command, redact: (text: string) => string = (text) => text): (text: string) => string {
  const secrets = (command.secrets ?? []).filter((secret) => secret !== "");
  return (text) => redact(secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "[hidden]"), text));
}

function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
