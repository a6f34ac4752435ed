/** One `name = value` of a variables file. */
export interface Assignment {
  name: string;
  /** From 1. */
  line: number;
  /** The value as written, if it ends on its first line. */
  written: string;
}

/**
 * Finds the names that a variables file sets, and where. Values are Terraform's to read; this only skips them, and takes
 * whatever it is given: what is no valid file is refused by Terraform.
 */
export function scanTfvars(source: string): Assignment[] {
  const assignments: Assignment[] = [];
  const text = source.replace(/^\uFEFF/, "");
  let line = 1;
  let position = 0;
  while (position < text.length) {
    const rest = text.slice(position, position + longestName);
    const [start, name] = /^[ \t]*([\p{L}_][\p{L}\p{N}_-]*)[ \t]*=(?!=)/u.exec(rest) ?? [];
    if (start !== undefined && name !== undefined) {
      const from = position + start.length;
      const firstLineEnd = endOfLine(text, from);
      assignments.push({ name, line, written: withoutComment(text.slice(from, firstLineEnd)) });
      position = from;
    }
    const end = endOfValue(text, position);
    line += countLines(text, position, end);
    position = end;
  }
  return assignments;
}

/** Much longer than any name that means something; bounds the work at each line. */
const longestName = 300;

/** Just behind the line break that ends what starts here: quotes, brackets, heredocs and comments may span lines. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let position = from;
  while (position < text.length) {
    const character = text[position];
    const two = text.slice(position, position + 2);
    if (character === '"') position = endOfString(text, position + 1);
    else if (character === "#" || two === "//") position = endOfLine(text, position);
    else if (two === "/*") position = endOfComment(text, position + 2);
    else if (two === "<<") position = endOfHeredoc(text, position);
    else if (character === "\n" && depth <= 0) return position + 1;
    else {
      if ("[{(".includes(character ?? "")) depth++;
      if ("]})".includes(character ?? "")) depth--;
      position++;
    }
  }
  return text.length;
}

/** Ends at the line's end if the quote isn't closed: one broken string must not swallow the file. */
function endOfString(text: string, from: number): number {
  for (let position = from; position < text.length; position++) {
    const character = text[position];
    if (character === "\\") position++;
    else if (character === '"') return position + 1;
    else if (character === "\n") return position;
  }
  return text.length;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function endOfComment(text: string, from: number): number {
  const end = text.indexOf("*/", from);
  return end === -1 ? text.length : end + 2;
}

/** At the line break behind the closing word, so that the value ends there. */
function endOfHeredoc(text: string, from: number): number {
  const firstLine = text.slice(from, endOfLine(text, from));
  const [, word] = /^<<-?([\p{L}_][\p{L}\p{N}_-]*)\s*$/u.exec(firstLine) ?? [];
  if (word === undefined) return from + 2;
  for (let position = from + firstLine.length; position < text.length;) {
    const end = endOfLine(text, position + 1);
    if (text.slice(position + 1, end).trim() === word) return end;
    position = end;
  }
  return text.length;
}

function countLines(text: string, from: number, to: number): number {
  return text.slice(from, to).split("\n").length - 1;
}

function withoutComment(value: string): string {
  return value.replace(/\s*(#|\/\/).*$/, "").trim();
}
