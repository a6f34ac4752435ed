import { describe, expect, it } from "vitest";
import { AbortError, ToolError, UserError } from "../../../src/errors.ts";
import { type Classify, type Verdict, waitSeconds, withRetry } from "../../../src/engine/retry.ts";

const passing = (id: string, attempts = 3) => ({
  kind: "retry" as const,
  id,
  reason: `${id} passes`,
  attempts,
  delaySeconds: 10,
});
const verdicts: Record<string, Verdict> = {
  throttled: passing("throttled"),
  role: passing("role", 2),
  quota: { kind: "fatal", id: "quota", reason: "the quota is used up", hint: "ask for more" },
};
const classify: Classify = (error) => verdicts[(error as Error).message];

function run(outcomes: readonly (Error | string)[], options: { signal?: AbortSignal } = {}) {
  const notes: string[] = [];
  const waits: number[] = [];
  const retries: string[] = [];
  const result = withRetry(
    "step",
    (number) => {
      const outcome = outcomes[number - 1] ?? "too often";
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
    {
      classify,
      report: { note: (text) => void notes.push(text), progress: () => undefined },
      wait: (seconds) => Promise.resolve(void waits.push(seconds)),
      onRetry: ({ id, attempt }) => void retries.push(`${id} ${attempt}`),
      ...options,
    },
  );
  return { result, notes, waits, retries };
}

const failure = (message: string) => new Error(message);

describe("withRetry", () => {
  it("says what it waits for, how long, and how often it will try", async () => {
    const { result, notes, waits, retries } = run([failure("throttled"), failure("throttled"), "done"]);
    expect(await result).toBe("done");
    expect(notes).toEqual(["retrying (2/3) in 10 s: throttled passes", "retrying (3/3) in 10 s: throttled passes"]);
    expect(waits).toEqual([10, 10]);
    expect(retries).toEqual(["throttled 1", "throttled 2"]);
  });

  it("gives up with the failure itself when its attempts are used up", async () => {
    const last = failure("throttled");
    const { result, waits } = run([failure("throttled"), failure("throttled"), last]);
    await expect(result).rejects.toBe(last);
    expect(waits).toHaveLength(2);
  });

  it("leaves a login that ended to the operator, as one that was never there", async () => {
    verdicts["expired"] = {
      kind: "fatal",
      id: "login-expired",
      reason: "it has expired",
      hint: "log in",
      isLogin: true,
    };
    const { result } = run([failure("expired")]);
    await expect(result).rejects.toMatchObject({ exitCode: 2, hint: "log in" });
  });

  it("then says what a person can do, if the table knows", async () => {
    verdicts["stranger"] = { ...passing("stranger", 1), hint: "log in as the installer" };
    const { result } = run([failure("stranger")]);
    await expect(result).rejects.toMatchObject({
      message: "a tool failed: stranger passes",
      output: "stranger",
      hint: "log in as the installer",
    });
  });

  it("counts each kind of failure by itself", async () => {
    const { result } = run([failure("throttled"), failure("role"), failure("throttled"), "done"]);
    expect(await result).toBe("done");
  });

  it("stops at once at a failure that nobody knows", async () => {
    const { result, waits } = run([failure("new"), "done"]);
    await expect(result).rejects.toThrow("new");
    expect(waits).toEqual([]);
  });

  it("stops at once at a fatal failure and says what to do", async () => {
    const { result } = run([failure("quota"), "done"]);
    const error = await result.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ToolError);
    expect(error).toMatchObject({
      hint: "ask for more",
      output: "quota",
      message: expect.stringContaining("the quota is used up") as string,
    });
  });

  it("never repeats what the user must change or has declined", async () => {
    for (const error of [new UserError("throttled", "throttled"), new AbortError("throttled", "throttled")]) {
      await expect(run([error, "done"]).result).rejects.toBe(error);
    }
  });

  it("does not repeat after an interrupt", async () => {
    const { result, waits } = run([failure("throttled"), "done"], { signal: AbortSignal.abort() });
    await expect(result).rejects.toThrow("throttled");
    expect(waits).toEqual([]);
  });
});

describe("waitSeconds", () => {
  it("ends early with an AbortError when the run is interrupted", async () => {
    const controller = new AbortController();
    const waiting = waitSeconds(3600, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError", exitCode: 130 });
  });

  it("waits", async () => {
    await expect(waitSeconds(0)).resolves.toBeUndefined();
  });
});
