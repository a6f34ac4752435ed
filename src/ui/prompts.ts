import type * as Prompts from "@inquirer/prompts";
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
  refuseWithoutTerminal(output, { message, flag });
  const agreed = await answered(({ confirm }) =>
    confirm({ message, default: false }, { output: output.progressStream }),
  );
  if (!agreed) throw new AbortError("Declined", declined);
}

/** Asks for the very word, so that nobody agrees by habit. */
export async function typeOrAbort(output: Output, word: string, { message, flag, declined }: Question): Promise<void> {
  refuseWithoutTerminal(output, { message, flag });
  const typed = await answered(({ input }) => input({ message }, { output: output.progressStream }));
  if (typed.trim() !== word) throw new AbortError("Declined", declined);
}

export async function chooseOrAbort<Value extends string>(
  output: Output,
  choices: readonly { value: Value; name: string }[],
  { message, flag }: Pick<Question, "message" | "flag">,
): Promise<Value> {
  refuseWithoutTerminal(output, { message, flag });
  return answered(({ select }) => select({ message, choices }, { output: output.progressStream }));
}

function refuseWithoutTerminal(output: Output, { message, flag }: Pick<Question, "message" | "flag">): void {
  if (output.canAsk) return;
  throw new UserError("NoTerminal", `cannot ask without a terminal: ${message}`, { hint: `answer with ${flag}` });
}

/** The prompts are loaded with the first question: most runs ask none. */
async function answered<Value>(ask: (prompts: typeof Prompts) => Promise<Value>): Promise<Value> {
  try {
    return await ask(await import("@inquirer/prompts"));
  } catch (cause) {
    if (cause instanceof Error && cause.name === "ExitPromptError")
      throw new AbortError("Declined", "interrupted at a question; nothing was touched", { cause });
    throw cause;
  }
}
