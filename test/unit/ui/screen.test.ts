import { describe, expect, it } from "vitest";
import { openScreen } from "../../../src/ui/screen.ts";

function stream(options: { isTTY: boolean; rows?: number; columns?: number }) {
  const written: string[] = [];
  return { ...options, written, write: (text: string) => void written.push(text) };
}

describe("a screen", () => {
  it("without a terminal is one text after the other", () => {
    const out = stream({ isTTY: false });
    const screen = openScreen(out);
    screen.show(["a", "b"]);
    screen.show(["c"]);
    screen.close();
    expect(out.written.join("")).toBe("a\nb\n\nc\n");
  });

  it("on a terminal is written over in one piece, and not erased first", () => {
    const out = stream({ isTTY: true, rows: 10, columns: 80 });
    const screen = openScreen(out);
    screen.show(["a"]);
    const before = out.written.length;
    screen.show(["b", "c"]);
    expect(out.written.slice(before)).toEqual(["\u001B[Hb\u001B[K\nc\u001B[K\n\u001B[J"]);
  });

  it("gives the terminal back with the last text on it", () => {
    const out = stream({ isTTY: true, rows: 10, columns: 80 });
    const screen = openScreen(out);
    screen.show(["a"]);
    screen.show(["b"]);
    screen.close();
    expect(out.written[0]).toBe("\u001B[?1049h\u001B[?25l");
    expect(out.written.at(-1)).toBe("\u001B[?25h\u001B[?1049lb\n");
  });

  it("that showed nothing leaves the terminal alone", () => {
    const out = stream({ isTTY: true });
    openScreen(out).close();
    expect(out.written).toEqual([]);
  });

  it("leaves out what does not fit, but not the last line", () => {
    const out = stream({ isTTY: true, rows: 5, columns: 10 });
    openScreen(out).show(["1", "long line of two rows".slice(0, 20), "3", "4", "sum"]);
    const shown = out.written.at(-1)!.replaceAll("\u001B[K", "").split("\n");
    expect(shown).toEqual(["\u001B[H1", "long line of two row", "sum", "\u001B[J"]);
  });
});
