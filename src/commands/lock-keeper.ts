import type { HeldLock, RunLock } from "../aws/run-lock.ts";
import { readMachineId } from "../config/machine-id.ts";
import type { WorkDir } from "../config/work-dir.ts";
import type { Interrupts } from "../engine/interrupt.ts";
import { UserError } from "../errors.ts";
import type { Installation } from "../steps/installation.ts";
import type { Exec } from "../tools/exec.ts";
import { identifyProcess } from "../tools/process-identity.ts";
import type { Output } from "../ui/output.ts";
import { describeHolder, takeRunLock, type LockOptions } from "./run-lock.ts";

/** The run lock of one run, and what becomes of the run without it. */
export interface LockKeeper {
  readonly isHeld: boolean;
  /** Why the run was stopped, if somebody else has taken its lock. */
  readonly lost: UserError | undefined;
  /** Takes it once; true if it has just been taken. */
  take(installation: Pick<Installation, "aws" | "caller">): Promise<boolean>;
  /** Gives it back, at the end or before the object itself is removed; it is not taken again. */
  release(): Promise<void>;
}

export interface LockKeeperOptions {
  command: string;
  deployment: string;
  workDir: WorkDir;
  exec: Exec;
  output: Output;
  interrupts: Interrupts;
  log: (line: string) => void;
  lockOptions: LockOptions;
}

export function createLockKeeper(options: LockKeeperOptions): LockKeeper {
  const { command, deployment, workDir, exec, output, interrupts, log, lockOptions } = options;
  let lock: RunLock | undefined;
  let lost: UserError | undefined;
  let hasTaken = false;
  return {
    get isHeld() {
      return lock !== undefined;
    },
    get lost() {
      return lost;
    },
    async take({ aws, caller }) {
      if (hasTaken) return false;
      const { account, arn } = await caller();
      const request = {
        account,
        deployment,
        principal: arn,
        command: `hubctl ${command}`,
        machine: readMachineId(workDir),
        identify: (pid: number) => identifyProcess(pid, exec),
        onLost(winner: HeldLock | undefined) {
          lost = lockLost(winner);
          output.note(`${output.style("red", "✖")} ${lost.message}`);
          interrupts.handle("SIGTERM");
        },
        onSilence: (error: unknown) =>
          log(`could not renew the run lock: ${error instanceof Error ? error.message : String(error)}`),
      };
      lock = await takeRunLock(aws, request, lockOptions, { output, signal: interrupts.signal });
      hasTaken = true;
      return true;
    },
    async release() {
      const held = lock;
      lock = undefined;
      await held?.release();
    },
  };
}

function lockLost(winner: HeldLock | undefined): UserError {
  const by = winner ? `taken over: ${describeHolder(winner)}` : "taken away by somebody";
  return new UserError("RunLockLost", `the run lock of this run was ${by}; so it stops`, {
    hint: "agree with them; then run the same command again, with --wait while theirs is under way",
  });
}
