/** Lets one at a time have what several want, in the order in which they came. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves with the function that passes the turn on; rejects when the signal fires first. */
  async take(key: string, signal: AbortSignal): Promise<() => void> {
    const before = this.#last.get(key) ?? Promise.resolve();
    let pass: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => (pass = resolve));
    this.#last.set(
      key,
      before.then(() => mine),
    );
    const aborted = new Promise<void>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    try {
      signal.throwIfAborted();
      await Promise.race([before, aborted]);
      return pass;
    } catch (error) {
      pass();
      throw error;
    }
  }
}
