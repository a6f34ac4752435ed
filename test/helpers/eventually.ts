import { setTimeout as delay } from "node:timers/promises";

/** Asks until the answer is neither undefined nor false; fails with what was waited for. */
export async function eventually<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined | false> | Answer | undefined | false,
  seconds = 120,
): Promise<Answer> {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await delay(200);
  }
  throw new Error(`waited ${seconds} s for ${what} in vain`);
}
