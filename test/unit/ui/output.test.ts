import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createOutput, type OutputOptions } from "../../../src/ui/output.ts";

function streams(isTTY: boolean) {
  const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY, columns: 20 });
  const text = (): string => (stream.read() as string | null) ?? "";
  return { stream: stream as unknown as NodeJS.WriteStream, text };
}

function setUp(options: OutputOptions & { isTTY?: boolean } = {}) {
  const stdout = streams(false);
  const stderr = streams(options.isTTY ?? false);
  const output = createOutput({
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdin: { isTTY: true },
    env: {},
    ...options,
  });
  return { output, stdout: stdout.text, stderr: stderr.text, stderrStream: stderr.stream };
}

describe("createOutput", () => {
  it("puts progress on standard error and results on standard output", () => {
    const { output, stdout, stderr } = setUp();
    output.note("working");
    output.result("the result", { a: 1 });
    expect(stderr()).toBe("working\n");
    expect(stdout()).toBe("the result\n");
  });

  it("makes results machine-readable with --json", () => {
    const { output, stdout } = setUp({ json: true });
    output.result("for people only");
    output.result("text", { a: [1] });
    expect(JSON.parse(stdout())).toEqual({ a: [1] });
  });

  it("hides secrets everywhere, and keeps notes in the log", () => {
    const log: string[] = [];
    const { output, stdout, stderr } = setUp({
      redact: (text) => text.replaceAll("hunter2", "[hidden]"),
      log: (line) => log.push(line),
    });
    output.note("a hunter2");
    output.result("b hunter2");
    expect([stderr(), stdout(), log.join()].join()).toBe("a [hidden]\n,b [hidden]\n,a [hidden]");
  });

  it.each<[string, boolean, NodeJS.ProcessEnv, boolean]>([
    ["on a terminal", true, {}, true],
    ["with an empty NO_COLOR", true, { NO_COLOR: "" }, true],
    ["with NO_COLOR", true, { NO_COLOR: "1" }, false],
    ["on a dumb terminal", true, { TERM: "dumb" }, false],
    ["in a file", false, {}, false],
  ])("uses colours or not %s", (_, isTTY, env, isColored) => {
    const { output } = setUp({ isTTY, env });
    expect(output.style("red", "x") !== "x").toBe(isColored);
  });

  it("can ask only with terminals on both sides", () => {
    expect(setUp({ isTTY: true }).output.canAsk).toBe(true);
    expect(setUp({ isTTY: true, stdin: {} }).output.canAsk).toBe(false);
    expect(setUp({ isTTY: false }).output.canAsk).toBe(false);
  });

  it("takes a status away again, and has none without a terminal", () => {
    const { output, stderr } = setUp({ isTTY: true });
    const end = output.showStatus("checking: a very long list of steps");
    expect(stderr()).toBe("checking: a very lo");
    output.note("in between");
    expect(stderr()).toBe("\r\u001B[Kin between\nchecking: a very lo");
    end();
    expect(stderr()).toBe("\r\u001B[K");
    const plain = setUp();
    plain.output.showStatus("checking")();
    expect(plain.stderr()).toBe("");
  });

  it("hands notes to whoever draws, until given back", () => {
    const { output, stderr } = setUp();
    const taken: string[] = [];
    const release = output.divert((line) => void taken.push(line));
    output.note("a");
    release();
    output.note("b");
    expect(taken).toEqual(["a"]);
    expect(stderr()).toBe("b\n");
  });

  it("survives a terminal that is gone", () => {
    const { stderrStream } = setUp();
    expect(() => stderrStream.emit("error", new Error("EIO"))).not.toThrow();
  });
});
