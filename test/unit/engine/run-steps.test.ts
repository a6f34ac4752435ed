import { describe, expect, it } from "vitest";
import type { JournalEvent } from "../../../src/engine/journal.ts";
import { checkSteps, hasChanges, runSteps, type RunOptions } from "../../../src/engine/run-steps.ts";
import type { Checked, Report, Step, StepList } from "../../../src/engine/step.ts";
import { AbortError, SeveralErrors, ToolError, UserError } from "../../../src/errors.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";

interface World {
  /** What happened, in order. */
  events: string[];
}

type Answer = Checked<unknown> | Error;

/** A step that answers its checks in order, the last answer for ever, and then does what `run` says. */
function step(
  id: string,
  answers: readonly Answer[],
  run: (report: Report, plan: unknown) => unknown = () => undefined,
): Step<World> {
  let asked = 0;
  return {
    id,
    title: `Make ${id}`,
    check({ events }) {
      events.push(`check ${id}`);
      const answer = answers[Math.min(asked, answers.length - 1)]!;
      asked += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    async run({ events }, plan, report) {
      events.push(`run ${id} ${String(plan)}`);
      await run(report, plan);
    },
  };
}

const done: Answer = { done: "it is there" };
const change = (plan = "plan"): Answer => ({ change: "make it", plan });
const unknown: Answer = { unknown: "known once the cluster exists" };

function setUp(options: Partial<RunOptions> = {}) {
  const world: World = { events: [] };
  const output = fakeOutput();
  const journal: JournalEvent[] = [];
  let now = 0;
  const runOptions: RunOptions = {
    output,
    classify: (error) =>
      error instanceof Error && error.message === "throttled"
        ? { kind: "retry", id: "throttled", reason: "AWS is slow", attempts: 3, delaySeconds: 7 }
        : undefined,
    journal: { record: (event) => void journal.push(event) },
    wait: () => Promise.resolve(),
    resume: "hubctl install --deployment dandihub",
    clock: () => (now += 1),
    ...options,
  };
  const install = async (list: StepList<World>) =>
    runSteps(list, await checkSteps(list, world, runOptions), world, runOptions);
  return { world, output, journal, runOptions, install };
}

const failureOf = async (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("checkSteps", () => {
  it("asks every step and changes nothing", async () => {
    const { world, runOptions } = setUp();
    const checked = await checkSteps(
      [step("a", [done]), { sideBySide: [step("b", [change()]), step("c", [unknown])] }],
      world,
      runOptions,
    );
    expect(world.events).toEqual(["check a", "check b", "check c"]);
    expect(Object.fromEntries(checked)).toEqual({ a: done, b: change(), c: unknown });
    expect(hasChanges(checked)).toBe(true);
  });

  it("knows when nothing is left to do", async () => {
    const { world, runOptions } = setUp();
    expect(hasChanges(await checkSteps([step("a", [done])], world, runOptions))).toBe(false);
  });

  it("stops at the first check that fails, and says how to go on", async () => {
    const { world, runOptions } = setUp();
    const refusal = new UserError("PlanWouldDestroy", "no");
    const checking = checkSteps([step("a", [refusal]), step("b", [done])], world, runOptions);
    await expect(checking).rejects.toBe(refusal);
    expect(refusal.resume).toBe("hubctl install --deployment dandihub");
    expect(world.events).toEqual(["check a"]);
  });

  it("asks the steps of a sequence at once, and fails with the first failure in their order", async () => {
    const { world, runOptions } = setUp();
    const first = new UserError("HelmTooOld", "first");
    let fail: (error: Error) => void = () => undefined;
    const slow: Step<World> = {
      ...step("a", []),
      check: () => new Promise((_resolve, reject) => (fail = reject)),
    };
    const quick: Step<World> = {
      ...step("b", []),
      check() {
        fail(first);
        return Promise.reject(new UserError("ToolNotFound", "second"));
      },
    };
    await expect(checkSteps([{ inOrder: [slow, quick] }], world, runOptions)).rejects.toBe(first);
  });

  it("tries a check again that failed for a known passing reason", async () => {
    const { world, output, runOptions } = setUp();
    await checkSteps([step("a", [new Error("throttled"), done])], world, runOptions);
    expect(world.events).toEqual(["check a", "check a"]);
    expect(output.lines).toEqual(["retrying (2/3) in 7 s: AWS is slow"]);
  });
});

describe("runSteps", () => {
  it("runs what is not done, with exactly what its check planned, and shows why the rest is skipped", async () => {
    const { world, output, install } = setUp();
    const result = await install([step("a", [done]), step("b", [change("this")])]);
    expect(world.events).toEqual(["check a", "check b", "run b this"]);
    expect(output.lines).toEqual(["- Make a: it is there", expect.stringMatching(/^✔ Make b \(\d+ s\)$/)]);
    expect(result.steps.map(({ id, outcome, reason }) => [id, outcome, reason])).toEqual([
      ["a", "skipped", "it is there"],
      ["b", "done", undefined],
    ]);
  });

  it("calls a step by the title that its check has found fitting", async () => {
    const { install, output } = setUp();
    const { steps } = await install([
      step("a", [{ change: "mend it", plan: 1, title: "Mend a" }]),
      step("b", [change()]),
    ]);
    expect(steps.map(({ title }) => title)).toEqual(["Mend a", "Make b"]);
    expect(output.lines.join("\n")).toContain("Mend a");
    expect(output.lines.join("\n")).not.toContain("Make a");
  });

  it("runs the steps of a sequence one after the other, each as the one before has left the world", async () => {
    const { world, install } = setUp();
    await install([{ inOrder: [step("a", [change()]), step("b", [change("old"), change("new")])] }]);
    expect(world.events).toEqual(["check a", "check b", "run a plan", "check b", "run b new"]);
  });

  it("asks nothing a second time when nothing has changed", async () => {
    const { world, install } = setUp();
    await install([step("a", [done]), step("b", [done])]);
    expect(world.events).toEqual(["check a", "check b"]);
  });

  it("asks again once an earlier step has changed something", async () => {
    const { world, output, install } = setUp();
    await install([step("a", [change()]), step("b", [change("old"), change("new")]), step("c", [change(), done])]);
    expect(world.events.slice(3)).toEqual(["run a plan", "check b", "run b new", "check c"]);
    expect(output.lines.at(-1)).toBe("- Make c: it is there");
  });

  it("asks again what could not be told, even if nothing has changed", async () => {
    const { world, install } = setUp();
    await install([step("a", [unknown, change()])]);
    expect(world.events).toEqual(["check a", "check a", "run a plan"]);
  });

  it("fails when a step still cannot tell at its turn", async () => {
    const { install } = setUp();
    await expect(install([step("a", [unknown])])).rejects.toMatchObject({
      code: "StepNotReady",
      message: "Make a: cannot tell what to do: known once the cluster exists",
    });
  });

  it("stops at the first failure and says how to go on", async () => {
    const { world, output, install, journal } = setUp();
    const failure = new ToolError("HelmFailed", "helm failed", { output: "helm's own words" });
    const error = await failureOf(
      install([step("a", [change()], () => Promise.reject(failure)), step("b", [change()])]),
    );
    expect(error).toBe(failure);
    expect(failure.resume).toBe("hubctl install --deployment dandihub");
    expect(world.events).not.toContain("run b plan");
    expect(output.lines).toEqual([expect.stringMatching(/^✖ Make a/)]);
    const message = "helm failed\nhelm's own words";
    expect(journal.at(-1)).toMatchObject({ event: "step-failed", step: "a", code: "HelmFailed", message });
  });

  it("makes AWS's own errors expected ones", async () => {
    const { install } = setUp();
    const denied = Object.assign(new Error("no"), {
      name: "AccessDeniedException",
      $metadata: { httpStatusCode: 403 },
    });
    await expect(install([step("a", [change()], () => Promise.reject(denied))])).rejects.toMatchObject({
      code: "AccessDeniedException",
      exitCode: 1,
    });
  });

  it("leaves a bug a bug", async () => {
    const bug = new TypeError("x is undefined");
    expect(await failureOf(setUp().install([step("a", [change()], () => Promise.reject(bug))]))).toBe(bug);
  });

  it("plans anew before it tries again, and shows the attempt", async () => {
    const { world, output, install, journal } = setUp();
    let runs = 0;
    const flaky = step("a", [change("first"), change("second")], () => {
      runs += 1;
      if (runs === 1) throw new Error("throttled");
    });
    const { steps } = await install([flaky]);
    expect(world.events).toEqual(["check a", "run a first", "check a", "run a second"]);
    expect(output.lines[0]).toBe("  Make a: retrying (2/3) in 7 s: AWS is slow");
    expect(steps[0]).toMatchObject({ outcome: "done", attempts: 2 });
    expect(journal.map(({ event }) => event)).toEqual(["step-started", "step-retried", "step-started", "step-done"]);
  });

  it("counts a step as done that a failed attempt had finished after all", async () => {
    const { install } = setUp();
    const { steps } = await install([step("a", [change(), done], () => Promise.reject(new Error("throttled")))]);
    expect(steps[0]).toMatchObject({ outcome: "done", attempts: 2 });
  });

  it("does not go on when a guard refuses the plan of a second attempt", async () => {
    const { install } = setUp();
    const refusal = new UserError("PlanWouldDestroy", "no");
    const error = await failureOf(
      install([step("a", [change(), refusal], () => Promise.reject(new Error("throttled")))]),
    );
    expect(error).toBe(refusal);
  });

  it("shows progress of a step without a terminal now and then only", async () => {
    const { output, install } = setUp();
    await install([
      step("a", [change()], (report) => {
        report.progress("");
        for (let i = 0; i < 100; i += 1) report.progress(`${i}`);
        report.note("kept");
      }),
    ]);
    const progress = output.lines.filter((line) => line.startsWith("…"));
    expect(progress[0]).toBe("… Make a: 0");
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.length).toBeLessThan(10);
    expect(output.lines).toContain("  Make a: kept");
  });
});

describe("steps side by side", () => {
  it("run at the same time, and the list goes on when all have ended", async () => {
    const { world, install } = setUp();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const slow = step("slow", [change()], async () => {
      await gate;
      world.events.push("slow ended");
    });
    const opening = step("opening", [change()], () => open());
    await install([{ sideBySide: [slow, opening] }, step("after", [change()])]);
    expect(world.events.filter((event) => !event.startsWith("check"))).toEqual([
      "run slow plan",
      "run opening plan",
      "slow ended",
      "run after plan",
    ]);
  });

  it("wait for a sibling of one that failed, and fail with all errors", async () => {
    const { world, install } = setUp();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const first = new ToolError("A", "a failed");
    const second = new UserError("B", "b failed");
    const failing = step("a", [change()], () => {
      open();
      throw first;
    });
    const waiting = step("b", [change()], async () => {
      await gate;
      await new Promise(setImmediate);
      world.events.push("b ended");
      throw second;
    });
    const error = await failureOf(install([{ sideBySide: [failing, waiting] }, step("after", [change()])]));
    expect(error).toBeInstanceOf(SeveralErrors);
    expect(error).toMatchObject({
      errors: [first, second],
      exitCode: 2,
      resume: "hubctl install --deployment dandihub",
    });
    expect(world.events).toContain("b ended");
    expect(world.events).not.toContain("run after plan");
  });

  it("fail with the one error when only one failed", async () => {
    const only = new ToolError("A", "a failed");
    const list = [{ sideBySide: [step("a", [change()], () => Promise.reject(only)), step("b", [change()])] }];
    expect(await failureOf(setUp().install(list))).toBe(only);
  });

  it("are asked again together when an earlier step has changed something", async () => {
    const { world, install } = setUp();
    await install([step("a", [change()]), { sideBySide: [step("b", [change()]), step("c", [change()])] }]);
    expect(world.events.slice(3)).toEqual(["run a plan", "check b", "check c", "run b plan", "run c plan"]);
  });
});

describe("an interrupt", () => {
  it("ends the run before the next step", async () => {
    const controller = new AbortController();
    const { world, install } = setUp({ interrupts: controller });
    const error = await failureOf(install([step("a", [change()], () => controller.abort()), step("b", [change()])]));
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({
      message: 'interrupted before "Make b"',
      resume: "hubctl install --deployment dandihub",
    });
    expect(world.events).not.toContain("run b plan");
  });

  it("is one error, whatever the tools said that it ended", async () => {
    const controller = new AbortController();
    const { install } = setUp({ interrupts: controller });
    const interrupted = () => {
      controller.abort();
      throw new ToolError("TerraformFailed", "throttled");
    };
    const error = await failureOf(
      install([{ sideBySide: [step("a", [change()], interrupted), step("b", [change()], interrupted)] }]),
    );
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ message: 'interrupted during "Make a" and "Make b"', exitCode: 130 });
  });

  it("ends the checks too", async () => {
    const { world, runOptions } = setUp({ interrupts: { signal: AbortSignal.abort() } });
    await expect(checkSteps([step("a", [done])], world, runOptions)).rejects.toBeInstanceOf(AbortError);
    expect(world.events).toEqual([]);
  });
});

describe("a step without which the list can go on", () => {
  const failure = new ToolError("TerraformFailed", "terraform failed");

  function dispensable(answers: readonly Answer[], error: Error) {
    const failures: string[] = [];
    const refuse = () => Promise.reject(error);
    const one = {
      ...step("one", answers, refuse),
      goOnAfter: (_: World, { code }: Error & { code: string }) => void failures.push(code),
    };
    return { failures, list: [one, step("two", [change()])] };
  }

  it("does not stop the rest, and is told of", async () => {
    const { world, output, install } = setUp();
    const { failures, list } = dispensable([change()], failure);
    const { steps } = await install(list);
    expect(steps.map(({ outcome }) => outcome)).toEqual(["failed", "done"]);
    expect(failures).toEqual(["TerraformFailed"]);
    expect(world.events).toContain("run two plan");
    expect(output.lines.join("\n")).toContain("terraform failed; going on");
  });

  it("is asked once more at its turn if its check failed", async () => {
    const { install } = setUp();
    const { failures, list } = dispensable([failure, { done: "it is gone" }], failure);
    expect((await install(list)).steps.map(({ outcome }) => outcome)).toEqual(["skipped", "done"]);
    expect(failures).toEqual([]);
  });

  it("stops the list when there is something to do for a person", async () => {
    const { install } = setUp();
    const { list } = dispensable([change()], new UserError("NotLoggedIn", "there is no AWS login"));
    await expect(install(list)).rejects.toMatchObject({ code: "NotLoggedIn" });
  });
});
