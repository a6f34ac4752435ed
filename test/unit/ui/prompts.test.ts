import { confirm } from "@inquirer/prompts";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { AbortError, UserError } from "../../../src/errors.ts";
import { confirmOrAbort } from "../../../src/ui/prompts.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";

vi.mock("@inquirer/prompts", () => ({ confirm: vi.fn() }));

const terminal = fakeOutput({ canAsk: true });
const question = { message: "Create it?", flag: "--yes", declined: "declined; nothing was touched" };

beforeEach(() => {
  vi.mocked(confirm).mockReset();
});

it("never asks without a terminal but names the flag", async () => {
  const error = await confirmOrAbort(fakeOutput(), question).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ code: "NoTerminal", hint: "answer with --yes", exitCode: 2 });
  expect(confirm).not.toHaveBeenCalled();
});

describe("on a terminal", () => {
  it("goes on after yes, and asks on standard error with no as the answer of Enter", async () => {
    vi.mocked(confirm).mockResolvedValue(true);
    await confirmOrAbort(terminal, question);
    expect(confirm).toHaveBeenCalledWith({ message: "Create it?", default: false }, { output: process.stderr });
  });

  it("stops softly after no", async () => {
    vi.mocked(confirm).mockResolvedValue(false);
    const error = await confirmOrAbort(terminal, question).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ message: "declined; nothing was touched", exitCode: 130 });
  });

  it("stops softly after Ctrl-C", async () => {
    vi.mocked(confirm).mockRejectedValue(Object.assign(new Error("closed"), { name: "ExitPromptError" }));
    const error = await confirmOrAbort(terminal, question).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ message: "interrupted at a question; nothing was touched" });
  });

  it("passes on any other failure", async () => {
    vi.mocked(confirm).mockRejectedValue(new Error("broken"));
    await expect(confirmOrAbort(terminal, question)).rejects.toThrow("broken");
  });
});
