import { describe, expect, it } from "vitest";
import { createInterrupts } from "../../../src/engine/interrupt.ts";

function setUp(options: { gone?: boolean } = {}) {
  const sent: [number, string][] = [];
  const notes: string[] = [];
  const exits: number[] = [];
  let endGrace = (): void => undefined;
  const interrupts = createInterrupts({
    note: (line) => void notes.push(line),
    kill(pid, signal) {
      sent.push([pid, signal]);
      if (options.gone) throw Object.assign(new Error("gone"), { code: "ESRCH" });
    },
    exit: (code) => void exits.push(code),
    wait: () => new Promise((resolve) => (endGrace = () => resolve(undefined))),
  });
  return { interrupts, sent, notes, exits, endGrace: () => endGrace() };
}

describe("createInterrupts", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "sends exactly one SIGINT to each running tool's group at %s",
    (signal) => {
      const { interrupts, sent, notes } = setUp();
      interrupts.track({ name: "terraform", pid: 10 });
      interrupts.track({ name: "terraform", pid: 20 });
      interrupts.handle(signal);
      expect(sent).toEqual([
        [-10, "SIGINT"],
        [-20, "SIGINT"],
      ]);
      expect(interrupts.signal.aborted).toBe(true);
      expect(notes).toEqual(["Interrupted: waiting for terraform to stop safely, nothing new will be started"]);
    },
  );

  it("only warns at the second signal", () => {
    const { interrupts, sent, notes } = setUp();
    interrupts.track({ name: "helm", pid: 10 });
    interrupts.handle("SIGINT");
    interrupts.handle("SIGINT");
    expect(sent).toHaveLength(1);
    expect(notes[1]).toContain("ending helm now can lose track");
  });

  it("ends the tools at the third signal, and kills what does not end", async () => {
    const { interrupts, sent, exits, endGrace } = setUp();
    interrupts.track({ name: "helm", pid: 10 });
    const release = interrupts.track({ name: "terraform", pid: 20 });
    for (let i = 0; i < 3; i += 1) interrupts.handle("SIGINT");
    expect(sent.slice(2)).toEqual([
      [-10, "SIGTERM"],
      [-20, "SIGTERM"],
    ]);
    release();
    endGrace();
    await new Promise(setImmediate);
    expect(sent.slice(4)).toEqual([[-10, "SIGKILL"]]);
    expect(exits).toEqual([]);
  });

  it("ends hubctl at the third signal when no tool runs", () => {
    const { interrupts, exits } = setUp();
    for (let i = 0; i < 3; i += 1) interrupts.handle("SIGINT");
    expect(exits).toEqual([130]);
  });

  it("leaves tools alone that have ended", () => {
    const { interrupts, sent, notes } = setUp();
    interrupts.track({ name: "helm", pid: 10 })();
    interrupts.handle("SIGINT");
    expect(sent).toEqual([]);
    expect(notes).toEqual(["Interrupted: nothing new will be started"]);
  });

  it("takes a group that is gone for ended", () => {
    const { interrupts } = setUp({ gone: true });
    interrupts.track({ name: "helm", pid: 10 });
    expect(() => interrupts.handle("SIGINT")).not.toThrow();
  });

  it("listens until told to stop", () => {
    const { interrupts } = setUp();
    const before = process.listenerCount("SIGHUP");
    const stop = interrupts.listen();
    expect(process.listenerCount("SIGHUP")).toBe(before + 1);
    stop();
    expect(process.listenerCount("SIGHUP")).toBe(before);
  });
});
