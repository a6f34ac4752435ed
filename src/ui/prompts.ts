import { confirm } from "@inquirer/prompts";
import { AbortError, UserError } from "../errors.ts";
import type { Output } from "./output.ts";

interface Question {
  message: string;
  /** The flag that answers it, as one writes it: "--yes". */
  flag: string;
  /** What is said of a run that ends with a no. */
  declined: string;
}

/** Asks for consent; "no" and Ctrl-C are an AbortError. Without a terminal it never asks. */
export async function confirmOrAbort(output: Output, { message, flag, declined }: Question): Promise<void> {
  if (!output.canAsk) {
    throw new UserError("NoTerminal", `cannot ask without a terminal: ${message}`, { hint: `answer with ${flag}` });
  }
  if (!(await ask(output, message))) throw new AbortError("Declined", declined);
}

async function ask(output: Output, message: string): Promise<boolean> {
  try {
    return await confirm({ message, default: false }, { output: output.progressStream });
  } catch (cause) {
    if (cause instanceof Error && cause.name === "ExitPromptError")
      throw new AbortError("Declined", "interrupted at a question; nothing was touched", { cause });
    throw cause;
  }
}
