import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../helpers/eventually.ts";
import { temporaryFolder, writeTool } from "../helpers/tools.ts";

const program = join(import.meta.dirname, "../helpers/list-program.js");
const hasTerminal = process.platform === "linux" && existsSync("/usr/bin/script");

interface Run {
  ended: Promise<number | null>;
  text(): string;
  errors(): string;
  write(text: string): void;
}

function start(file: string, args: string[], options: { cwd?: string } = {}): Run {
  const child = spawn(file, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { ended, text: () => text, errors: () => errors, write: (keys) => void child.stdin.write(keys) };
}

/** On a terminal of its own; standard output of the program goes into a file, as in `hubctl install > result`. */
function onTerminal(scenario: string, folder: string, tool = "-"): Run & { result(): string } {
  const result = join(folder, "result");
  const words = [process.execPath, program, scenario, tool].map((word) => `'${word}'`).join(" ");
  // A terminal without a size shows nothing before the end.
  const command = `stty cols 100 rows 30; ${words} > '${result}'`;
  const run = start("/usr/bin/script", ["--quiet", "--return", "--command", command, "/dev/null"]);
  return { ...run, result: () => readFileSync(result, "utf8") };
}

/** What is left on the screen: the list is drawn last when it ends. */
function lastDrawing(text: string, from: string): string[] {
  const lines = stripVTControlCharacters(text.replaceAll("\u001B[K", "\n"))
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  return lines.slice(lines.findLastIndex((line) => line.includes(from)));
}

describe.runIf(hasTerminal)("a run on a terminal", () => {
  it("draws a list on standard error, with reasons, durations and notes", async () => {
    const run = onTerminal("well", temporaryFolder());
    expect(await run.ended).toBe(0);
    expect(run.result()).toBe("tools skipped, storage done, cluster done, hub done\n");
    expect(lastDrawing(run.text(), "Make tools")).toEqual([
      "↓ Make tools: all are there",
      "✔ Make storage (0 s)",
      "  › kept line",
      "  › note of somebody else",
      "✔ Make cluster (0 s)",
      "✔ Make hub (0 s)",
    ]);
  });

  it("goes on drawing after a failure that does not stop the rest", async () => {
    const run = onTerminal("goingOn", temporaryFolder());
    expect(await run.ended).toBe(0);
    expect(run.result()).toBe("storage failed, hub done\n");
    expect(lastDrawing(run.text(), "Make storage")).toEqual([
      "✖ Make storage (0 s)",
      "  › ! terraform failed; going on",
      "✔ Make hub (0 s)",
    ]);
  });

  it("stops the list at a failure, lets siblings end, and leaves the cursor visible", async () => {
    const run = onTerminal("failure", temporaryFolder());
    expect(await run.ended).toBe(1);
    expect(lastDrawing(run.text(), "Make storage")).toEqual([
      "✖ Make storage (0 s)",
      "✔ Make cluster (0 s)",
      "◼ Make hub",
      "✖ terraform failed",
      "  Error: why",
      "→ go on with: hubctl install",
    ]);
    expect(run.text().lastIndexOf("\u001B[?25h")).toBeGreaterThan(run.text().lastIndexOf("\u001B[?25l"));
  });

  it("hands exactly one SIGINT to the tool at Ctrl-C, and ends as interrupted", async () => {
    const folder = temporaryFolder();
    const tool = writeTool(
      folder,
      "tool",
      `import { appendFileSync, writeFileSync } from "node:fs";
       process.on("SIGINT", () => { appendFileSync("${folder}/signals", "SIGINT\\n"); setTimeout(() => process.exit(1), 300); });
       writeFileSync("${folder}/started", "");
       setInterval(() => {}, 1000);`,
    );
    const run = onTerminal("interrupt", folder, tool);
    await eventually("the tool's start", () => existsSync(join(folder, "started")), 30);
    const wait = /Make slow: working \(usually 14 min; \d+ s so far\)/;
    await eventually("how long it takes", () => wait.test(stripVTControlCharacters(run.text())), 30);
    run.write("\u0003");
    expect(await run.ended).toBe(130);
    expect(readFileSync(join(folder, "signals"), "utf8")).toBe("SIGINT\n");
    const text = stripVTControlCharacters(run.text());
    expect(text).toContain("Interrupted: waiting for tool to stop safely, nothing new will be started");
    expect(text).toContain('✖ interrupted during "Make slow"');
    expect(text).not.toContain("✔ Make hub");
  });
});

describe("a run without a terminal", () => {
  it("prints plain lines on standard error and the result on standard output", async () => {
    const run = start(process.execPath, [program, "well"]);
    expect(await run.ended).toBe(0);
    expect(run.text()).toBe("tools skipped, storage done, cluster done, hub done\n");
    expect(run.errors().trimEnd().split("\n")).toEqual([
      "- Make tools: all are there",
      "… Make storage: 1/2 done",
      "  Make storage: kept line",
      "note of somebody else",
      "✔ Make storage (0 s)",
      "✔ Make cluster (0 s)",
      "✔ Make hub (0 s)",
    ]);
  });
});
