import { stripVTControlCharacters } from "node:util";

/** Text that is shown in place of what was shown before. */
export interface Screen {
  show(lines: readonly string[]): void;
  /** On a terminal, gives back what was there before and leaves the last text below it. */
  close(): void;
}

export interface ScreenStream {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

const enter = "\u001B[?1049h\u001B[?25l";
const leave = "\u001B[?25h\u001B[?1049l";
const home = "\u001B[H";
const restOfLine = "\u001B[K";
const restOfScreen = "\u001B[J";

/** Where there is no terminal, each text comes below the one before, after an empty line. */
export function openScreen(stream: ScreenStream): Screen {
  let last: readonly string[] | undefined;
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  if (stream.isTTY !== true) {
    return {
      show(lines) {
        stream.write(`${last ? "\n" : ""}${text(lines)}`);
        last = lines;
      },
      close: () => undefined,
    };
  }
  return {
    show(lines) {
      if (!last) stream.write(enter);
      last = lines;
      // In one piece, and over the old text instead of erasing it first: so nothing flickers.
      const fitting = fit(lines, stream.rows ?? 24, stream.columns ?? 80);
      stream.write(`${home}${fitting.map((line) => `${line}${restOfLine}\n`).join("")}${restOfScreen}`);
    },
    close() {
      if (last) stream.write(leave + text(last));
    },
  };
}

/** The lines that the terminal has room for; the last one is the sum, and stays. */
function fit(lines: readonly string[], rows: number, columns: number): string[] {
  const height = (line: string) => Math.max(Math.ceil(stripVTControlCharacters(line).length / columns), 1);
  const sum = lines.slice(-1);
  // The cursor stands in the row below the text.
  let room = rows - 1 - sum.reduce((total, line) => total + height(line), 0);
  const body: string[] = [];
  for (const line of lines.slice(0, -1)) {
    room -= height(line);
    if (room < 0) break;
    body.push(line);
  }
  return [...body, ...sum];
}
