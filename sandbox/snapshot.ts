import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { motoMemory } from "./aws/moto.ts";
import type { Report } from "./binaries/cache.ts";
import { SandboxError } from "./errors.ts";
import { launchSupervisor, prepareSandbox, removeSandbox, withSandboxLock } from "./lifecycle.ts";
import { keptVolumes } from "./kubelet/index.ts";
import { isFree } from "./ports.ts";
import { isTrueWithin } from "./processes.ts";
import { keptFront } from "./simulation.ts";
import { accountFile, isAlive, keepSignal, readState, type SandboxState } from "./state.ts";

/** What a stopped world consists of, in the sandbox's folder. */
const parts = [keptFront, motoMemory, accountFile, keptVolumes, "eks", "clusters"];
const folderPart = "folder";
/** API servers and etcd end one after the other, and moto writes its memory last. */
const keepMilliseconds = 120_000;

/** Stops a sandbox, copies its world and a folder of the caller's, and starts it again. */
export async function takeSnapshot(dir: string, snapshot: string, folder: string | undefined, report: Report) {
  return await withSandboxLock(dir, report, async () => {
    const name = basename(dir);
    const state = readState(dir);
    if (state === undefined || !isAlive(state.supervisor) || state.phase !== "ready") {
      throw new SandboxError(`sandbox ${name} does not run`, "npm run sandbox -- up");
    }
    if (folder !== undefined && !existsSync(folder)) throw new SandboxError(`there is no folder ${folder}`);
    process.kill(state.supervisor.pid, keepSignal);
    if (!(await isTrueWithin(keepMilliseconds, () => !isAlive(state.supervisor)))) {
      throw new SandboxError(`sandbox ${name} did not stop`, `log: ${join(dir, "logs/supervisor.log")}`);
    }
    if (readState(dir)?.phase !== "kept") {
      throw new SandboxError(`sandbox ${name} could not be kept`, `log: ${join(dir, "logs/supervisor.log")}`);
    }
    copyWorld(dir, snapshotFolder(dir, snapshot), folder);
    return await launchSupervisor(dir, name, report);
  });
}

/** Makes a sandbox of a snapshot, in place of the sandbox of that name if there is one. */
export async function restoreSnapshot(
  dir: string,
  snapshot: string,
  folder: string | undefined,
  report: Report,
): Promise<SandboxState> {
  const source = snapshotFolder(dir, snapshot);
  if (!existsSync(source))
    throw new SandboxError(`there is no snapshot ${snapshot}`, "npm run sandbox -- snapshot NAME");
  if (folder !== undefined) refuseFolder(join(source, folderPart), folder, snapshot);
  return await withSandboxLock(dir, report, async () => {
    const name = basename(dir);
    await removeSandbox(dir, "at once");
    for (const port of portsOf(source)) {
      if (await isFree(port)) continue;
      throw new SandboxError(
        `port ${port} is in use, on which the world of snapshot ${snapshot} must answer`,
        "Only one sandbox of a snapshot can run at a time: take the other one down",
      );
    }
    await prepareSandbox(dir, name, report);
    copyParts(source, dir);
    if (folder !== undefined) cpSync(join(source, folderPart), folder, { recursive: true, verbatimSymlinks: true });
    return await launchSupervisor(dir, name, report);
  });
}

/** Snapshots are for all sandboxes of a state folder, and outlive them. */
export function snapshotFolder(dir: string, snapshot: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,60}$/.test(snapshot)) {
    throw new SandboxError(
      `"${snapshot}" can't be the name of a snapshot`,
      "Use lower-case letters, digits and hyphens, with a letter or digit first",
    );
  }
  return join(dirname(dir), ".snapshots", snapshot);
}

/** Complete or not there: the name is given last. */
function copyWorld(dir: string, target: string, folder: string | undefined): void {
  const unfinished = `${target}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  copyParts(dir, unfinished);
  if (folder !== undefined) {
    cpSync(folder, join(unfinished, folderPart), { recursive: true, verbatimSymlinks: true });
  }
  rmSync(target, { recursive: true, force: true });
  renameSync(unfinished, target);
}

/** A world without a cluster does not have all of them. */
function copyParts(from: string, to: string): void {
  for (const part of parts.filter((name) => existsSync(join(from, name)))) {
    cpSync(join(from, part), join(to, part), { recursive: true });
  }
}

function refuseFolder(kept: string, folder: string, snapshot: string): void {
  if (!existsSync(kept)) throw new SandboxError(`snapshot ${snapshot} holds no folder`, "Take it with --with FOLDER");
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new SandboxError(`${resolve(folder)} is not empty`, "Name a folder that is empty or does not exist");
  }
}

interface KeptPorts {
  port: number;
  publicSide: { dnsPort: number; proxyPort: number };
}

/** Addresses of a world that others know: of its AWS, and of its clusters. */
function portsOf(snapshot: string): number[] {
  const { port, publicSide } = JSON.parse(readFileSync(join(snapshot, keptFront), "utf8")) as KeptPorts;
  const clusters = join(snapshot, "clusters");
  const files = existsSync(clusters)
    ? readdirSync(clusters).map((name) => join(clusters, name, "control-plane/port"))
    : [];
  const ports = [port, publicSide.dnsPort, publicSide.proxyPort];
  return [...ports, ...files.filter((file) => existsSync(file)).map((file) => Number(readFileSync(file, "utf8")))];
}
