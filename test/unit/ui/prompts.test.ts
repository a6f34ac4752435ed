import { confirm, input } from "@inquirer/prompts";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { AbortError, UserError } from "../../../src/errors.ts";
import { askChoice, askSecret, askText, confirmOrAbort } from "../../../src/ui/prompts.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";

vi.mock("@inquirer/prompts", () => ({ confirm: vi.fn(), input: vi.fn(), password: vi.fn(), select: vi.fn() }));

const terminal = fakeOutput({ canAsk: true });
const question = { message: "Create it?", flag: "--yes" };

beforeEach(() => {
  vi.mocked(confirm).mockReset();
  vi.mocked(input).mockReset();
});

describe("without a terminal", () => {
  const output = fakeOutput();

  it.each([
    ["confirmation", () => confirmOrAbort(output, { ...question, declined: "no" })],
    ["text", () => askText(output, question)],
    ["secret", () => askSecret(output, question)],
    ["choice", () => askChoice(output, { ...question, choices: ["a"] })],
  ])("never asks for a %s but names the flag", async (_, ask) => {
    const error = await ask().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: "NoTerminal", hint: "answer with --yes", exitCode: 2 });
    expect(confirm).not.toHaveBeenCalled();
  });
});

describe("on a terminal", () => {
  it("goes on after yes, and asks on standard error with no as the answer of Enter", async () => {
    vi.mocked(confirm).mockResolvedValue(true);
    await confirmOrAbort(terminal, { ...question, declined: "declined" });
    expect(confirm).toHaveBeenCalledWith({ message: "Create it?", default: false }, { output: process.stderr });
  });

  it("stops softly after no", async () => {
    vi.mocked(confirm).mockResolvedValue(false);
    const error = await confirmOrAbort(terminal, { ...question, declined: "declined; nothing was touched" }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ message: "declined; nothing was touched", exitCode: 130 });
  });

  it("stops softly after Ctrl-C", async () => {
    vi.mocked(input).mockRejectedValue(Object.assign(new Error("closed"), { name: "ExitPromptError" }));
    await expect(askText(terminal, question)).rejects.toBeInstanceOf(AbortError);
  });

  it("passes on any other failure", async () => {
    vi.mocked(input).mockRejectedValue(new Error("broken"));
    await expect(askText(terminal, question)).rejects.toThrow("broken");
  });

  it("offers a preset text", async () => {
    vi.mocked(input).mockResolvedValue("us-east-2");
    expect(await askText(terminal, { ...question, default: "us-east-2" })).toBe("us-east-2");
    expect(input).toHaveBeenCalledWith({ message: "Create it?", default: "us-east-2" }, { output: process.stderr });
  });
});
