import { styleText } from "node:util";

type Style = "green" | "red" | "yellow" | "cyan" | "dim" | "bold";

/** Where a run speaks: progress on standard error, results on standard output. */
export interface Output {
  /** Standard error is a terminal: lists are drawn there. */
  readonly isTerminal: boolean;
  /** Questions may be asked: standard input is a terminal too. */
  readonly canAsk: boolean;
  readonly json: boolean;
  readonly debug: boolean;
  /** One line of progress. */
  note(line: string): void;
  /** A line that disappears again, on terminals only; the result takes it away. */
  showStatus(line: string): () => void;
  /** What the command was run for: `text` for people, `data` with --json. */
  result(text: string, data?: unknown): void;
  style(style: Style, text: string): string;
  /** Takes over `note` while a list is being drawn; the result gives it back. */
  divert(note: (line: string) => void): () => void;
  readonly progressStream: NodeJS.WriteStream;
}

export interface OutputOptions {
  stdin?: { isTTY?: boolean };
  stdout?: NodeJS.WriteStream;
  stderr?: NodeJS.WriteStream;
  env?: NodeJS.ProcessEnv;
  json?: boolean;
  debug?: boolean;
  redact?: (text: string) => string;
  /** Every note also goes here. */
  log?: (line: string) => void;
}

const eraseLine = "\r\u001B[K";

export function createOutput(options: OutputOptions = {}): Output {
  const {
    stdin = process.stdin,
    stdout = process.stdout,
    stderr = process.stderr,
    env = process.env,
    redact = (text: string) => text,
  } = options;
  const isTerminal = stderr.isTTY;
  const isColored = isTerminal && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  let status = "";
  const print = (line: string): void => {
    // A line that comes while a status stands there takes its place, and the status moves below it.
    stderr.write(status === "" ? `${line}\n` : `${eraseLine}${line}\n${status}`);
  };
  let show = print;
  // After a hang-up the terminal is gone; that must not end a run that is waiting for a safe stop.
  stderr.on("error", () => undefined);
  return {
    isTerminal,
    canAsk: isTerminal && stdin.isTTY === true,
    json: options.json ?? false,
    debug: options.debug ?? false,
    progressStream: stderr,
    note(line) {
      const text = redact(line);
      options.log?.(text);
      show(text);
    },
    showStatus(line) {
      if (!isTerminal) return () => undefined;
      status = redact(line).slice(0, Math.max((stderr.columns || 80) - 1, 1));
      stderr.write(status);
      return () => {
        status = "";
        stderr.write(eraseLine);
      };
    },
    result(text, data) {
      if (!options.json) stdout.write(`${redact(text)}\n`);
      else if (data !== undefined) stdout.write(`${redact(JSON.stringify(data, null, 2))}\n`);
    },
    style: (style, text) => (isColored ? styleText(style, text, { validateStream: false }) : text),
    divert(note) {
      show = note;
      return () => {
        show = print;
      };
    },
  };
}
