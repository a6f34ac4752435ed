import type { Output } from "../../src/ui/output.ts";

/** An output without a terminal that keeps what is said. */
export function fakeOutput(
  options: { canAsk?: boolean; debug?: boolean } = {},
): Output & { lines: string[]; results: string[] } {
  const lines: string[] = [];
  const results: string[] = [];
  return {
    lines,
    results,
    isTerminal: false,
    canAsk: options.canAsk ?? false,
    json: false,
    debug: options.debug ?? false,
    progressStream: process.stderr,
    note: (line) => void lines.push(line),
    showStatus: () => () => undefined,
    result: (text) => void results.push(text),
    style: (_, text) => text,
    divert: () => () => undefined,
  };
}
