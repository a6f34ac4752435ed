import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

export type Job = (signal: AbortSignal) => Promise<void>;

/** What goes on in the background after a call was answered; one job per key at a time. */
export class Jobs {
  readonly #abort = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #onError: (key: string, error: unknown) => void;

  constructor(onError: (key: string, error: unknown) => void) {
    this.#onError = onError;
    // Every job that waits listens; Node takes more than ten for a leak.
    setMaxListeners(0, this.#abort.signal);
  }

  /** A job of the same key that still runs is waited for first. */
  start(key: string, job: Job): void {
    const before = this.#running.get(key) ?? Promise.resolve();
    const signal = this.#abort.signal;
    const running = before
      .then(async () => {
        if (!signal.aborted) await job(signal);
      })
      .catch((error: unknown) => {
        if (!signal.aborted) this.#onError(key, error);
      })
      .finally(() => {
        if (this.#running.get(key) === running) this.#running.delete(key);
      });
    this.#running.set(key, running);
  }

  /** Ends all jobs where they wait next; they go on after a restart. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#running.values());
  }
}

export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal });
}
