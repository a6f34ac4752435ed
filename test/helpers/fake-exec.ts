import { expect } from "vitest";
import { CommandError, type Command, type Exec, formatCommand } from "../../src/tools/exec.ts";

export interface ExpectedCall {
  /** What the command must be; only what is given is compared. */
  command: Partial<Command>;
  stdout?: string;
  /** Of a call that fails. */
  stderr?: string;
  exitCode?: number;
  /** Thrown in place of an answer. */
  error?: Error;
}

export interface FakeExec extends Exec {
  readonly calls: Command[];
  /** Fails when expected calls were not made. */
  expectAllCalled(): void;
}

/** Answers calls in the order given. A call that nobody expects fails the test. */
export function fakeExec(expected: readonly ExpectedCall[]): FakeExec {
  const calls: Command[] = [];
  const exec: Exec = (command, options = {}) => {
    const next = expected[calls.length];
    calls.push(command);
    if (next === undefined) return Promise.reject(new Error(`unexpected call: ${formatCommand(command)}`));
    expect(command).toMatchObject(next.command);
    if (next.error !== undefined) return Promise.reject(next.error);
    const { stdout = "", stderr = "", exitCode = 0 } = next;
    if (exitCode === 0 || options.accept?.includes(exitCode)) return Promise.resolve({ stdout, stderr, exitCode });
    const failure = { command, line: formatCommand(command), exitStatus: exitCode, output: stderr };
    return Promise.reject(new CommandError(command.file, failure));
  };
  return Object.assign(exec, {
    calls,
    expectAllCalled: () => expect(calls.length).toBe(expected.length),
  });
}
