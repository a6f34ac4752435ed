import { afterEach, expect, it, vi } from "vitest";
import { main } from "../../src/cli.ts";
import { processRedactor } from "../../src/ui/redact.ts";

const secret = "s3cret-of-the-oauth-app";

vi.mock("../../src/commands/install.ts", () => ({
  install: () => {
    processRedactor.add(secret);
    return Promise.reject(new SyntaxError(`Unexpected token in {"client_secret":"${secret}"}`));
  },
}));

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
