import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { readProcessIdentity } from "../../src/tools/process-identity.ts";
import { eventually } from "../helpers/eventually.ts";
import { temporaryFolder, writeTool } from "../helpers/tools.ts";

const parentProgram = join(import.meta.dirname, "../helpers/terraform-parent.js");
const recordSchema = z.object({ pid: z.number(), identity: z.string(), stream: z.string() });

/**
 * Says what it does like Terraform; goes on until a file "finish" appears. Counts its signals in "signals", ends at
 * the first one after writing "state", and at the second at once.
 */
const standIn = `
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
const say = (type, text, more) => console.log(JSON.stringify({ "@message": text, "@timestamp": new Date().toISOString(), type, ...more }));
const hook = { resource: { addr: "aws_eks_cluster.this", resource_type: "aws_eks_cluster" }, action: "create", elapsed_seconds: 1 };
let stopping = false;
process.on("SIGINT", () => {
  appendFileSync("signals", "SIGINT\\n");
  if (stopping) process.exit(3);
  stopping = true;
});
say("version", "Terraform 1.11.4", { terraform: "1.11.4" });
say("apply_start", "aws_eks_cluster.this: Creating...", { hook });
const timer = setInterval(() => {
  say("apply_progress", "aws_eks_cluster.this: Still creating...", { hook });
  if (!existsSync("finish")) return;
  clearInterval(timer);
  if (stopping) {
    say("diagnostic", "Error: execution halted", { diagnostic: { severity: "error", summary: "execution halted", detail: "" } });
    writeFileSync("state", "saved after interrupt");
    process.exitCode = 1;
    return;
  }
  say("apply_complete", "aws_eks_cluster.this: Creation complete", { hook });
  writeFileSync("state", "complete");
}, 20);
`;

function start(dir: string, mode: "run" | "follow", tool = "-") {
  const child = spawn(process.execPath, [parentProgram, mode, dir, tool, "apply"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, ended, text: () => text };
}

const readRecord = (dir: string) =>
  existsSync(join(dir, "terraform-run.json"))
    ? recordSchema.parse(JSON.parse(readFileSync(join(dir, "terraform-run.json"), "utf8")))
    : undefined;
const leftFiles = (dir: string) => readdirSync(dir).filter((name) => name.startsWith("terraform-"));

function stage() {
  const dir = temporaryFolder();
  const tool = writeTool(dir, "stand-in", standIn);
  onTestFinished(() => finish(dir));
  return { dir, tool };
}

function finish(dir: string) {
  if (existsSync(dir)) writeFileSync(join(dir, "finish"), "");
}

describe("Terraform's long runs", () => {
  it("are followed from a private file, which is gone afterwards", async () => {
    const { dir, tool } = stage();
    const run = start(dir, "run", tool);
    await eventually("progress", () => run.text().includes("waiting for aws_eks_cluster.this"), 30);
    const record = readRecord(dir);
    expect(record?.identity).toBe(readProcessIdentity(record!.pid));
    expect(statSync(record!.stream).mode & 0o777).toBe(0o600);
    finish(dir);
    expect(await run.ended).toBe(0);
    expect(run.text()).toContain("ended: well");
    expect(run.text()).toContain("log:   aws_eks_cluster.this: Creation complete");
    expect(leftFiles(dir)).toEqual([]);
  });

  it("end well although hubctl is killed, and the next run follows them to their end", async () => {
    const { dir, tool } = stage();
    const first = start(dir, "run", tool);
    await eventually("the record of the run", () => readRecord(dir) !== undefined, 30);
    const { pid } = readRecord(dir)!;
    first.child.kill("SIGKILL");
    await first.ended;
    const second = start(dir, "follow");
    await eventually(
      "the note",
      () => second.text().includes("terraform apply of an earlier run is still working: following it"),
      30,
    );
    expect(readProcessIdentity(pid)).toBeDefined();
    finish(dir);
    expect(await second.ended).toBe(0);
    expect(second.text()).toContain("found: followed");
    expect(second.text()).toContain("log:   aws_eks_cluster.this: Creation complete");
    expect(readFileSync(join(dir, "state"), "utf8")).toBe("complete");
    expect(leftFiles(dir)).toEqual([]);
  });

  it("that have ended meanwhile are recognised, and their words kept in the log", async () => {
    const { dir, tool } = stage();
    const first = start(dir, "run", tool);
    await eventually("the record of the run", () => readRecord(dir) !== undefined, 30);
    const { pid } = readRecord(dir)!;
    first.child.kill("SIGKILL");
    await first.ended;
    finish(dir);
    await eventually("the end of the stand-in", () => readProcessIdentity(pid) === undefined, 30);
    const second = start(dir, "follow");
    expect(await second.ended).toBe(0);
    expect(second.text()).toContain("found: ended");
    expect(second.text()).toContain("log:   aws_eks_cluster.this: Creation complete");
    expect(leftFiles(dir)).toEqual([]);
  });

  it("are not mistaken for another process that got the same id", async () => {
    const { dir } = stage();
    const record = {
      pid: process.pid,
      identity: "another boot:1",
      action: "apply",
      stream: join(dir, "terraform-x.log"),
      startedAt: "",
    };
    writeFileSync(join(dir, "terraform-run.json"), JSON.stringify(record));
    const run = start(dir, "follow");
    expect(await run.ended).toBe(0);
    expect(run.text()).toContain("found: ended");
    expect(leftFiles(dir)).toEqual([]);
  });

  it("that never happened are nothing to follow", async () => {
    const run = start(temporaryFolder(), "follow");
    expect(await run.ended).toBe(0);
    expect(run.text()).toContain("found: none");
  });

  it.each(["run", "follow"] as const)(
    "get exactly one SIGINT for the first and the second interrupt (%s)",
    async (mode) => {
      const { dir, tool } = stage();
      let run = start(dir, "run", tool);
      await eventually("the record of the run", () => readRecord(dir) !== undefined, 30);
      await eventually("progress", () => run.text().includes("waiting for"), 30);
      if (mode === "follow") {
        run.child.kill("SIGKILL");
        await run.ended;
        run = start(dir, "follow");
        await eventually("the note", () => run.text().includes("following it"), 30);
      }
      run.child.kill("SIGTERM");
      await eventually("the first answer", () => run.text().includes("waiting for"), 30);
      await eventually("the signal", () => existsSync(join(dir, "signals")), 30);
      run.child.kill("SIGINT");
      await eventually("the warning", () => run.text().includes("Interrupt once more"), 30);
      finish(dir);
      expect(await run.ended).toBe(mode === "run" ? 1 : 0);
      expect(readFileSync(join(dir, "signals"), "utf8")).toBe("SIGINT\n");
      expect(readFileSync(join(dir, "state"), "utf8")).toBe("saved after interrupt");
      expect(leftFiles(dir)).toEqual([]);
      if (mode === "run")
        expect(run.text()).toMatch(/ended: TerraformFailed: .* failed with exit code 1: Error: execution halted/);
    },
  );

  it("are ended by the third interrupt", async () => {
    const { dir, tool } = stage();
    const run = start(dir, "run", tool);
    await eventually("progress", () => run.text().includes("waiting for"), 30);
    const { pid } = readRecord(dir)!;
    run.child.kill("SIGINT");
    await eventually("the first answer", () => run.text().includes("stop safely"), 30);
    run.child.kill("SIGINT");
    await eventually("the warning", () => run.text().includes("Interrupt once more"), 30);
    run.child.kill("SIGINT");
    expect(await run.ended).toBe(1);
    expect(readProcessIdentity(pid)).toBeUndefined();
    expect(run.text()).toContain("was ended by SIGTERM");
  });
});
