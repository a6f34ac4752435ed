import { expect, it } from "vitest";
import { CommandError } from "../../../src/tools/exec.ts";
import { SeveralErrors, UserError } from "../../../src/errors.ts";
import { checkTools } from "../../../src/steps/check-tools.ts";
import { fakeInstallation } from "../../helpers/installation.ts";

const helm = (version: string) => ({ command: { file: "helm" }, stdout: `${version}\n` });
const kubectl = { command: { file: "kubectl" }, stdout: '{"clientVersion":{"gitVersion":"v1.36.3"}}' };
const missing = (file: string) => ({
  command: { file },
  error: new UserError("ToolNotFound", `${file} is not installed or not on PATH`),
});

it("tells the versions of what will be used", async () => {
  const installation = fakeInstallation({ calls: [helm("v4.3.0"), kubectl] });
  expect(await checkTools.check(installation)).toEqual({ done: "terraform 1.11.4, helm v4.3.0, kubectl v1.36.3" });
});

it("refuses Helm 3", async () => {
  const installation = fakeInstallation({ calls: [helm("v3.19.2"), kubectl] });
  await expect(checkTools.check(installation)).rejects.toMatchObject({
    code: "HelmTooOld",
    exitCode: 2,
    message: "hubctl needs Helm 4; this is v3.19.2",
    hint: expect.stringContaining("https://helm.sh") as string,
  });
});

it("names all tools that are missing at once", async () => {
  const installation = fakeInstallation({ calls: [missing("helm"), missing("kubectl")] });
  const failure: unknown = await checkTools.check(installation).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SeveralErrors);
  expect(failure).toMatchObject({ exitCode: 2 });
  expect((failure as SeveralErrors).errors.map(String)).toEqual([
    "UserError: helm is not installed or not on PATH",
    "UserError: kubectl is not installed or not on PATH",
  ]);
});

it("hands on the only failure as it is", async () => {
  const installation = fakeInstallation({ calls: [{ command: { file: "helm" }, exitCode: 126 }, kubectl] });
  await expect(checkTools.check(installation)).rejects.toBeInstanceOf(CommandError);
});
