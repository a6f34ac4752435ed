/** Knows the secret values of a run and takes them out of every text. */
export interface Redactor {
  add(...values: readonly (string | undefined)[]): void;
  readonly redact: (text: string) => string;
}

const shortest = 4;

/** Shorter values are not hidden: they would blot out ordinary words and protect nothing. */
export function createRedactor(initial: readonly (string | undefined)[] = []): Redactor {
  const hidden = new Set<string>();
  const redactor: Redactor = {
    add(...values) {
      for (const value of values) {
        if (value === undefined || value.length < shortest) continue;
        for (const form of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), toBase64(value)])
          hidden.add(form);
      }
    },
    redact(text) {
      // Longest first, so that a secret that contains another one leaves no rest.
      const longestFirst = [...hidden].sort((a, b) => b.length - a.length);
      return longestFirst.reduce((result, value) => result.replaceAll(value, "[hidden]"), text);
    },
  };
  redactor.add(...initial);
  return redactor;
}

/** The process's own: what it knows is also taken out of the last words of a failure, stacks and bugs included. */
export const processRedactor = createRedactor();

function toBase64(value: string): string {
  return Buffer.from(value).toString("base64");
}
