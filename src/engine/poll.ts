import { ToolError } from "../errors.ts";
import { formatDuration } from "./format-duration.ts";
import { waitSeconds, type Wait } from "./retry.ts";

export interface PollOptions {
  /** For the error: "the load balancer of the hub". */
  what: string;
  everySeconds: number;
  timeoutSeconds: number;
  signal?: AbortSignal;
  wait?: Wait;
}

/** Asks until there is an answer other than undefined. ToolError WaitedTooLong after the timeout. */
export async function pollUntil<Answer>(
  ask: () => Promise<Answer | undefined>,
  { what, everySeconds, timeoutSeconds, signal, wait = waitSeconds }: PollOptions,
): Promise<Answer> {
  for (let waited = 0; ; waited += everySeconds) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (waited >= timeoutSeconds) {
      throw new ToolError("WaitedTooLong", `waited ${formatDuration(waited)} for ${what} in vain`);
    }
    await wait(everySeconds, signal);
  }
}
