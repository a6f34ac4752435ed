import { tryRunLock, type HeldLock, type LockRequest, type RunLock } from "../aws/run-lock.ts";
import type { AwsClients } from "../aws/clients.ts";
import { formatDuration } from "../engine/format-duration.ts";
import { waitSeconds, type Wait } from "../engine/retry.ts";
import { UserError } from "../errors.ts";
import type { Output } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";

/** What may be done about a run lock that somebody else has. */
export interface LockOptions {
  /** Wait until it is free. */
  wait?: boolean;
  /** Take it over if its holder gives no sign of life. */
  takeLock?: boolean;
}

/** Ten times that a holder could have renewed it. */
const silentAfterSeconds = 300;
const lookEverySeconds = 10;

interface Waiting {
  output: Output;
  signal: AbortSignal;
  pause?: Wait;
}

/**
 * Takes the run lock. When somebody else has it: waits if that is wanted, else UserError RunInProgress says who. The
 * lock of a holder that gives no sign of life is taken over only on consent.
 */
export async function takeRunLock(
  aws: AwsClients,
  request: LockRequest,
  { wait = false, takeLock = false }: LockOptions,
  { output, signal, pause = waitSeconds }: Waiting,
): Promise<RunLock> {
  let consent: string | undefined;
  let told: string | undefined;
  for (;;) {
    const attempt = await tryRunLock(aws, request, consent);
    if ("lock" in attempt) return attempt.lock;
    const { held } = attempt;
    const isSilent = (held?.silentSeconds ?? 0) > silentAfterSeconds;
    if (held && isSilent && (takeLock || output.canAsk)) {
      if (!takeLock) await askForLock(held, request, output);
      output.note(`! taking over the run lock of ${describeHolder(held)}`);
      consent = held.etag;
      continue;
    }
    if (!wait) throw runInProgress(request, held, isSilent);
    if (held && told !== holderKey(held)) {
      told = holderKey(held);
      output.note(`Waiting for ${describeHolder(held)}`);
    }
    const endStatus = output.showStatus(`waiting for ${held ? describeHolder(held) : "another run"}`);
    await pause(lookEverySeconds, signal).finally(endStatus);
  }
}

async function askForLock(held: HeldLock, { deployment }: LockRequest, output: Output): Promise<void> {
  // A status line may stand where the question goes.
  output.showStatus("")();
  output.note(`Deployment ${deployment} is locked: ${describeHolder(held)}`);
  await confirmOrAbort(output, {
    message: `It looks dead; if it is not, two runs work on the same things. Take the lock over?`,
    flag: "--take-lock",
    declined: "declined; nothing was touched",
  });
}

function runInProgress(request: LockRequest, held: HeldLock | undefined, isSilent: boolean): UserError {
  const { deployment } = request;
  if (!held) {
    return new UserError("RunInProgress", `deployment ${deployment} is locked: another run has just started`, {
      hint: "wait for it: run the same command with --wait",
    });
  }
  return new UserError("RunInProgress", `deployment ${deployment} is locked: ${describeHolder(held)}`, {
    hint: isSilent
      ? `make sure that it does not run on ${held.holder.host} any more; then run the same command with --take-lock`
      : `wait for it: run the same command with --wait; or end it on ${held.holder.host}`,
  });
}

export function describeHolder({ holder, silentSeconds }: HeldLock): string {
  const { command, user, host, principal, pid, since } = holder;
  const silence =
    silentSeconds === undefined || silentSeconds <= silentAfterSeconds
      ? ""
      : `, without a sign of life for ${formatDuration(silentSeconds)}`;
  return `${command} by ${user}@${host} (${principal}, process ${pid}) since ${since}${silence}`;
}

function holderKey({ holder }: HeldLock): string {
  return `${holder.machine} ${holder.pid} ${holder.since}`;
}
