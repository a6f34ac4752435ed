import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** The full log of one run, without secrets. */
export interface Logger {
  readonly path: string;
  write(line: string): void;
  close(): void;
}

/** Writes at once, so that the log of a killed run is complete. */
export function openLogger(path: string, redact: (text: string) => string, now: () => Date = () => new Date()): Logger {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let file: number | undefined = openSync(path, "a", 0o600);
  return {
    path,
    write(line) {
      if (file === undefined) return;
      const time = now().toISOString();
      const text = redact(line).split("\n");
      writeSync(file, text.map((part) => `${time} ${part}\n`).join(""));
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** "logs/2026-11-21T08-15-03Z-install.log" below the work folder; a name that sorts by time. */
export function logFileName(command: string, now: Date = new Date()): string {
  return `logs/${now
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-")}-${command}.log`;
}
