import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createView, type ViewOptions } from "../../../src/engine/run-view.ts";
import { usualSeconds } from "../../../src/engine/waiting.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";

const clock = () => Date.now() / 1000;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what is usual for a step", () => {
  it("is what this deployment's earlier runs took in the middle", () => {
    const earlier = new Map([["hub", [40, 600, 50]]]);
    expect(usualSeconds({ id: "hub", usual: 90 }, earlier)).toBe(50);
  });

  it("is what the step says of AWS before there were any, or not known", () => {
    expect(usualSeconds({ id: "hub", usual: 90 }, new Map())).toBe(90);
    expect(usualSeconds({ id: "hub", usual: 90 })).toBe(90);
    expect(usualSeconds({ id: "hub" })).toBeUndefined();
  });
});

describe("a step that is waited for, without a terminal", () => {
  const start = async (usual: number | undefined, options: Partial<ViewOptions> = {}) => {
    const output = fakeOutput();
    const step = {
      id: "cluster",
      title: "Make the cluster",
      check: () => Promise.resolve({ done: "" }),
      run: () => Promise.resolve(),
      ...(usual === undefined ? {} : { usual }),
    };
    const view = (await createView([step], { output, clock, ...options })).step("cluster");
    view.start();
    return { view, output };
  };

  it("tells twice a minute how long it takes and how long is normal, whether or not it says something itself", async () => {
    const { view, output } = await start(540);
    vi.advanceTimersByTime(29_000);
    expect(output.lines).toEqual([]);
    vi.advanceTimersByTime(2_000);
    view.progress("6 of 66");
    view.progress("7 of 66");
    vi.advanceTimersByTime(34_000);
    view.done(65);
    vi.advanceTimersByTime(600_000);
    expect(output.lines).toEqual([
      "… Make the cluster: usually 9 min; 30 s so far",
      "… Make the cluster: 6 of 66 (usually 9 min; 31 s so far)",
      "… Make the cluster: 7 of 66 (usually 9 min; 1 min 05 s so far)",
      "✔ Make the cluster (1 min 05 s)",
    ]);
  });

  it("is compared with earlier runs", async () => {
    const { output } = await start(540, { earlier: new Map([["cluster", [64]]]) });
    vi.advanceTimersByTime(30_000);
    expect(output.lines).toEqual(["… Make the cluster: usually 60 s; 30 s so far"]);
  });

  it("tells once where to look when it has taken twice as long as usual", async () => {
    const { output } = await start(60, { whereToLook: "hubctl status tells more" });
    vi.advanceTimersByTime(120_000);
    expect(output.lines.join("\n")).not.toContain("twice");
    vi.advanceTimersByTime(300_000);
    expect(output.lines.filter((line) => line.includes("twice"))).toEqual([
      "  Make the cluster: takes more than twice as long as usual (60 s); hubctl status tells more",
    ]);
  });

  it.each([undefined, 5])("says nothing of what is not worth it (usually %s s)", async (usual) => {
    const { output } = await start(usual);
    vi.advanceTimersByTime(300_000);
    expect(output.lines).toEqual([]);
  });

  it.each(["fail", "skip"] as const)("is over after %s", async (end) => {
    const { view, output } = await start(60);
    if (end === "fail") view.fail(1);
    else view.skip("is there");
    vi.advanceTimersByTime(300_000);
    expect(output.lines).toHaveLength(1);
  });
});
