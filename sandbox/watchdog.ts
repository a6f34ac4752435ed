/**
 * Holds the other end of a pipe from the supervisor: when the supervisor is gone, whatever ended it, the pipe closes, and
 * every process that it started is ended. After an orderly stop there is none.
 */
import { argv, exit, stdin } from "node:process";
import { endRecorded } from "./process-record.ts";

const [, , dir] = argv;
if (dir === undefined) throw new Error("usage: watchdog FOLDER");

// Sent to whole process groups or to all processes at a logout; the supervisor's end is what counts.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

stdin.on("error", () => undefined);
stdin.once("close", () => {
  void endRecorded(dir).then((isDone) => exit(isDone ? 0 : 1));
});
stdin.resume();
