import { afterEach, expect, it, vi } from "vitest";
import { main } from "../../src/cli.ts";
import { AbortError, SeveralErrors, ToolError, UserError } from "../../src/errors.ts";
import { processRedactor } from "../../src/ui/redact.ts";

const secret = "s3cret-of-the-oauth-app";

vi.mock("../../src/commands/install.ts", () => ({
  install: () => {
    processRedactor.add(secret);
    return Promise.reject(new SyntaxError(`Unexpected token in {"client_secret":"${secret}"}`));
  },
}));

const plan = vi.hoisted(() => vi.fn<() => Promise<void>>());
vi.mock("../../src/commands/plan.ts", () => ({ plan }));

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

it.each([
  ["", []],
  [", nor in its stack", ["--debug"]],
])("shows no secret that an unexpected failure quotes%s", async (_, flags) => {
  const written: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  await main(["node", "hubctl", ...flags, "install"]);
  expect(process.exitCode).toBe(70);
  expect(written.join("")).toContain('Unexpected token in {"client_secret":"[hidden]"}');
  expect(written.join("")).not.toContain(secret);
});

it.each([
  ["what the user must change", new UserError("ConfigInvalid", "no"), 1],
  ["several of it", new SeveralErrors([new UserError("A", "a"), new UserError("B", "b")]), 1],
  ["a tool that failed", new ToolError("TerraformFailed", "no"), 1],
  ["an interrupt", new AbortError("Interrupted", "no"), 130],
])("ends a plan with --detailed-exitcode never with the code for changes: %s", async (_, error, exitCode) => {
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  plan.mockRejectedValue(error);
  await main(["node", "hubctl", "plan", "--detailed-exitcode"]);
  expect(process.exitCode).toBe(exitCode);
});

it("ends a plan without it as any other command", async () => {
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  plan.mockRejectedValue(new UserError("ConfigInvalid", "no"));
  await main(["node", "hubctl", "plan"]);
  expect(process.exitCode).toBe(2);
});

it("takes a mistyped option for a failure, too", async () => {
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  await main(["node", "hubctl", "plan", "--detailed-exitcode", "--no-such-option"]);
  expect(process.exitCode).toBe(1);
});
