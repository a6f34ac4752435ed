import { setTimeout as delay } from "node:timers/promises";
import { exitCodes } from "../errors.ts";
import type { RunningTools } from "../tools/exec.ts";

export interface Interrupts extends RunningTools {
  /** What the process's listeners call. */
  handle(signal: NodeJS.Signals): void;
  /** Starts to listen; the result stops. */
  listen(): () => void;
}

export interface InterruptOptions {
  note: (line: string) => void;
  /** Sends a signal to a process or, with a negative id, to a process group. */
  kill?: (pid: number, signal: NodeJS.Signals) => void;
  /** Ends hubctl itself when nothing is left that could be waited for. */
  exit?: (code: number) => void;
  /** How long a tool that was told to end may still take before it is killed. */
  wait?: (seconds: number) => Promise<unknown>;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const graceSeconds = 10;

/**
 * Turns the signals of a run into a safe stop. The first one sends exactly one SIGINT to each running tool: Terraform
 * ends what it is doing and saves its state; a second SIGINT would make it drop both. The second signal only warns,
 * the third ends the tools.
 */
export function createInterrupts(options: InterruptOptions): Interrupts {
  const {
    note,
    kill = (pid: number, signal: NodeJS.Signals) => void process.kill(pid, signal),
    exit = (code: number) => process.exit(code),
    wait = (seconds: number) => delay(seconds * 1000, undefined, { ref: false }),
  } = options;
  const controller = new AbortController();
  const tools = new Map<number, string>();
  let received = 0;

  const signalAll = (signal: NodeJS.Signals): void => {
    for (const pid of tools.keys()) ignoreGone(() => kill(-pid, signal));
  };
  const names = (): string => [...new Set(tools.values())].join(" and ");

  const stopSafely = (): void => {
    const last = "nothing new will be started";
    note(tools.size === 0 ? `Interrupted: ${last}` : `Interrupted: waiting for ${names()} to stop safely, ${last}`);
    signalAll("SIGINT");
    controller.abort();
  };
  const warn = (): void => {
    const risk = tools.size === 0 ? "" : `; ending ${names()} now can lose track of what it is creating`;
    note(`Still stopping${risk}. Interrupt once more to end it at once.`);
  };
  const end = (): void => {
    if (tools.size === 0) {
      exit(exitCodes.interrupted);
      return;
    }
    note(`Ending ${names()}`);
    signalAll("SIGTERM");
    void wait(graceSeconds).then(() => signalAll("SIGKILL"));
  };

  const handle = (): void => {
    received += 1;
    if (received === 1) stopSafely();
    else if (received === 2) warn();
    else end();
  };

  return {
    signal: controller.signal,
    track({ name, pid }) {
      tools.set(pid, name);
      return () => void tools.delete(pid);
    },
    handle,
    listen() {
      for (const signal of signals) process.on(signal, handle);
      return () => {
        for (const signal of signals) process.off(signal, handle);
      };
    },
  };
}

/** The group may have ended since it was tracked. */
function ignoreGone(send: () => void): void {
  try {
    send();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
