import { z } from "zod";
import type { Rule } from "../rules/rule.ts";

export type Context = z.core.$RefinementCtx;

/** One line of text that obeys a rule. */
export function obeying(rule: Rule, { mayBeEmpty = false } = {}) {
  return z.string().superRefine((text, context) => {
    const wrong = text === "" && mayBeEmpty ? undefined : judge(rule, text);
    if (wrong !== undefined) context.addIssue(wrong);
  });
}

function judge(rule: Rule, text: string): string | undefined {
  if (text === "") return "must not be empty";
  return /\p{Cc}/u.test(text) ? "must be one line, without control characters" : rule(text);
}

export const line = () => obeying(() => undefined);

/** Text of any number of lines. */
export function prose() {
  return z.string().superRefine((text, context) => {
    if (text.trim() === "") context.addIssue("must not be empty");
    if (text.includes("\0")) context.addIssue("must not hold a NUL character");
  });
}

/** An object that may be left out as a whole: the defaults of its entries then count. */
export function section<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  check: (value: z.output<z.ZodObject<Shape, z.core.$strict>>, context: Context) => void = () => undefined,
) {
  return z
    .strictObject(shape)
    .superRefine(check)
    .prefault({} as z.input<z.ZodObject<Shape, z.core.$strict>>);
}

/** A list of texts, each of them once. */
export function setOf(rule: Rule) {
  return z.array(obeying(rule)).superRefine(checkRepeats);
}

/** GitHub and JupyterHub both ignore case in the names of users and organisations. */
function checkRepeats(values: readonly string[], context: Context): void {
  refuseRepeats(
    values.map((value) => value.toLowerCase()),
    (index) => [index],
    (index) => `"${values[index] ?? ""}" is listed twice`,
    context,
  );
}

/** Adds an issue for each of the keys that stands in the list before. */
export function refuseRepeats(
  keys: readonly string[],
  pathOf: (index: number) => (string | number)[],
  describe: (index: number) => string,
  context: Context,
): void {
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    if (seen.has(key)) context.addIssue({ code: "custom", path: pathOf(index), message: describe(index) });
    seen.add(key);
  }
}

/** Names with values, where the names obey a rule too. */
export function dictionary(keyRule: Rule, value: z.ZodString) {
  return z.record(z.string(), value).superRefine((entries, context) => {
    for (const key of Object.keys(entries)) {
      const wrong = keyRule(key);
      if (wrong !== undefined) context.addIssue({ code: "custom", path: [key], message: wrong });
    }
  });
}
