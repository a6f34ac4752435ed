import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode, startTimeOf } from "./processes.ts";

interface LockOwner {
  host: string;
  pid: number;
  startTime: string | undefined;
}

/** After this time a lock of another machine (a cache folder on a network file system) counts as left behind. */
const foreignLockMilliseconds = 30 * 60_000;
const intervalMilliseconds = 200;

/** Runs an action while no other process holds the lock; a lock whose owner has died is taken over. */
export async function withFileLock<T>(path: string, onWait: () => void, action: () => Promise<T>): Promise<T> {
  for (let hasWaited = false; !takeLock(path); hasWaited = true) {
    if (!hasWaited) onWait();
    await delay(intervalMilliseconds);
  }
  try {
    return await action();
  } finally {
    rmSync(path, { force: true });
  }
}

function takeLock(path: string): boolean {
  const unique = `${path}.${process.pid}`;
  const owner: LockOwner = { host: hostname(), pid: process.pid, startTime: startTimeOf(process.pid) };
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(unique, JSON.stringify(owner), { mode: 0o600 });
    // A link appears with its content at once, which an exclusive create and a later write do not.
    linkSync(unique, path);
    return true;
  } catch (error) {
    // Its folder was empty and has just been removed by another process.
    if (hasCode(error, "ENOENT")) return false;
    if (!hasCode(error, "EEXIST")) throw error;
    removeIfLeftBehind(path);
    return false;
  } finally {
    rmSync(unique, { force: true });
  }
}

function removeIfLeftBehind(path: string): void {
  const text = readIfThere(path);
  if (text === undefined || isOwnerAlive(path, text)) return;
  const aside = `${path}.${process.pid}.left`;
  try {
    renameSync(path, aside);
    // Another process may have taken the lock over between the look and the rename: give it back.
    if (readIfThere(aside) !== text) linkSync(aside, path);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isOwnerAlive(path: string, text: string): boolean {
  const owner = JSON.parse(text) as LockOwner;
  if (owner.host === hostname()) return startTimeOf(owner.pid) === owner.startTime;
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return changed !== undefined && Date.now() - changed < foreignLockMilliseconds;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
