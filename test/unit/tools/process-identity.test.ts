import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { identifyProcess, readProcessIdentity } from "../../../src/tools/process-identity.ts";
import { fakeExec } from "../../helpers/fake-exec.ts";

it.runIf(process.platform === "linux")("tells a process from others and from none", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const own = readProcessIdentity(process.pid);
  const other = readProcessIdentity(child.pid!);
  expect(own).toMatch(/^[0-9a-f-]+:\d+$/);
  expect(other).not.toBe(own);
  expect(readProcessIdentity(process.pid)).toBe(own);
  child.kill();
  await once(child, "exit");
  expect(readProcessIdentity(child.pid!)).toBeUndefined();
});

it("asks ps where there is no /proc", async () => {
  const exec = fakeExec([
    { command: { file: "ps", args: ["-o", "state=,lstart=", "-p", "42"] }, stdout: "S+   Sat Nov 21 08:00:00 2026\n" },
    { command: { file: "ps" }, stdout: "Z    Sat Nov 21 08:00:00 2026\n" },
    { command: { file: "ps" }, exitCode: 1 },
  ]);
  expect(await identifyProcess(42, exec, "darwin")).toBe("Sat Nov 21 08:00:00 2026");
  expect(await identifyProcess(42, exec, "darwin")).toBeUndefined();
  expect(await identifyProcess(42, exec, "darwin")).toBeUndefined();
});
