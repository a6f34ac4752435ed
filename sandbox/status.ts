import { execFileSync } from "node:child_process";
import { runningProcesses } from "./process-record.ts";
import { isAlive, type SandboxState } from "./state.ts";

/** What runs, as lines for a person. */
export function describeSandbox(dir: string, state: SandboxState): string[] {
  const isUp = isAlive(state.supervisor);
  const processes = [
    ...(isUp ? [{ name: "supervisor", pid: state.supervisor.pid }] : []),
    ...(state.watchdog !== undefined && isAlive(state.watchdog) ? [{ name: "watchdog", pid: state.watchdog.pid }] : []),
    ...runningProcesses(dir),
  ];
  const memory = memoryOf(processes.map(({ pid }) => pid));
  const total = [...memory.values()].reduce((sum, megabytes) => sum + megabytes, 0);
  return [
    `sandbox ${state.name}: ${isUp ? state.phase : "dead: its supervisor is gone"}`,
    `  folder   ${dir}`,
    `  AWS      ${state.endpoint ?? "not there yet"}, account ${state.account}, region ${state.region}`,
    `  since    ${state.startedAt}`,
    ...(state.error === undefined ? [] : [`  error    ${state.error}`]),
    state.clusters.length === 0 ? "clusters: none" : "clusters:",
    ...state.clusters.map(({ name, version, endpoint }) => `  ${name} (Kubernetes ${version}) at ${endpoint}`),
    `processes: ${processes.length}, ${total} MB`,
    ...processes.map(
      ({ name, pid }) => `  ${String(pid).padStart(8)} ${String(memory.get(pid) ?? 0).padStart(5)} MB  ${name}`,
    ),
  ];
}

/** Resident memory in megabytes, by process id. */
function memoryOf(pids: readonly number[]): Map<number, number> {
  if (pids.length === 0) return new Map();
  const output = execFileSync("ps", ["-o", "pid=,rss=", "-p", pids.join(",")], { encoding: "utf8" });
  return new Map(
    output
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([pid = 0, kilobytes = 0]) => [pid, Math.round(kilobytes / 1024)]),
  );
}
