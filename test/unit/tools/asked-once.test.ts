import { expect, test } from "vitest";
import { askedOnce } from "../../../src/tools/asked-once.ts";
import { fakeExec } from "../../helpers/fake-exec.ts";

const get = { file: "kubectl", args: ["get", "pods"] };

test("the same command runs once, also while its answer is awaited", async () => {
  const exec = fakeExec([{ command: get, stdout: "none" }]);
  const ask = askedOnce(exec);
  const [first, second] = await Promise.all([ask(get), ask({ ...get })]);
  expect([first.stdout, second.stdout, (await ask(get)).stdout]).toEqual(["none", "none", "none"]);
  exec.expectAllCalled();
});

test("another input, folder or environment is another command", async () => {
  const commands = [get, { ...get, input: "a" }, { ...get, cwd: "/b" }, { ...get, env: { KUBECONFIG: "c" } }];
  const exec = fakeExec(commands.map((command) => ({ command })));
  const ask = askedOnce(exec);
  for (const command of commands) await ask(command);
  exec.expectAllCalled();
});

test("a failure is not kept as an answer", async () => {
  const exec = fakeExec([
    { command: get, exitCode: 1, stderr: "connection refused" },
    { command: get, stdout: "none" },
  ]);
  const ask = askedOnce(exec);
  await expect(ask(get)).rejects.toMatchObject({ fullOutput: "connection refused" });
  expect((await ask(get)).stdout).toBe("none");
});
