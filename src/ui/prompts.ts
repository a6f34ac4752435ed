import { confirm, input, password, select } from "@inquirer/prompts";
import { AbortError, UserError } from "../errors.ts";
import type { Output } from "./output.ts";

export interface Question {
  message: string;
  /** The flag that answers it, as one writes it: "--yes". */
  flag: string;
}

/** Asks for consent; "no" and Ctrl-C are an AbortError. Without a terminal it never asks. */
export async function confirmOrAbort(output: Output, question: Question & { declined: string }): Promise<void> {
  const isAgreed = await ask(output, question, (message, context) => confirm({ message, default: false }, context));
  if (!isAgreed) throw new AbortError("Declined", question.declined);
}

export async function askText(
  output: Output,
  question: Question & { default?: string; validate?: (value: string) => true | string },
): Promise<string> {
  const { default: preset, validate } = question;
  const options = {
    ...(preset === undefined ? {} : { default: preset }),
    ...(validate === undefined ? {} : { validate }),
  };
  return ask(output, question, (message, context) => input({ message, ...options }, context));
}

export async function askSecret(output: Output, question: Question): Promise<string> {
  return ask(output, question, (message, context) => password({ message, mask: true }, context));
}

export async function askChoice(output: Output, question: Question & { choices: readonly string[] }): Promise<string> {
  return ask(output, question, (message, context) => select({ message, choices: [...question.choices] }, context));
}

type Prompt<Answer> = (message: string, context: { output: NodeJS.WriteStream }) => Promise<Answer>;

async function ask<Answer>(output: Output, question: Question, prompt: Prompt<Answer>): Promise<Answer> {
  if (!output.canAsk) {
    throw new UserError("NoTerminal", `cannot ask without a terminal: ${question.message}`, {
      hint: `answer with ${question.flag}`,
    });
  }
  try {
    return await prompt(question.message, { output: output.progressStream });
  } catch (cause) {
    if (cause instanceof Error && cause.name === "ExitPromptError")
      throw new AbortError("Declined", "interrupted at a question; nothing was touched", { cause });
    throw cause;
  }
}
