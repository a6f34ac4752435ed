import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Report } from "../engine/step.ts";
import { hub } from "../releases/hub.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { deleteCommand, getCommand, parseNames, parseReplicas, scaleCommand } from "../tools/kubectl.ts";
import { findLost, type LostObject } from "../tools/release-objects.ts";
import type { Reached } from "./cluster-reach.ts";
import type { Installation } from "./installation.ts";

const { namespace } = hub;

const servers = { resource: "pods", namespace, selector: "component=singleuser-server" };

/** What lets people in, and starts their servers. */
export const hubAndProxy = { namespace, selector: "component in (hub,proxy)" };

type Means = Pick<Installation, "exec" | "signal">;

/** Nobody gets in, and nobody works any more; accounts and homes stay as they are. */
export const closeHub = defineStep({
  id: "close-hub",
  title: "Close the hub and stop users' servers",
  async check(reached: Reached) {
    const { exec } = reached;
    const target = await reached.cluster();
    const [running, deployments] = await Promise.all([
      findServers(exec, target),
      exec(getCommand(target, { ...hubAndProxy, resource: "deployment" })),
    ]);
    const open = parseReplicas(deployments.stdout).flatMap(({ name, wanted }) => (wanted > 0 ? [name] : []));
    if (running.length === 0 && open.length === 0) return { done: "it is closed, and no server runs" };
    return { change: describeServers(running), plan: open };
  },
  async run(reached: Reached, open: string[], report: Report) {
    const target = await reached.cluster();
    await stopHub(reached, target, open);
    await endServers(reached, target, report);
  },
});

export const openHub = defineStep({
  id: "open-hub",
  title: "Start the hub",
  usual: 60,
  async check(reached: Reached) {
    const { exec } = reached;
    const target = await reached.cluster();
    const lost = await findLost(exec, { ...target, release: hub.name, namespace });
    const stopped = lost.filter(({ trouble }) => trouble === "is stopped");
    if (stopped.length > 0) return { change: stopped.map(({ name }) => name).join(" and "), plan: stopped };
    return (await areReady(exec, target)) ? { done: "it runs" } : { change: "wait until it is ready", plan: [] };
  },
  async run(reached: Reached, stopped: LostObject[], report: Report) {
    const { exec, signal } = reached;
    const target = await reached.cluster();
    for (const { kind, name, replicas = 1 } of stopped) {
      await exec(scaleCommand(target, { resource: kind, name, namespace, replicas }));
    }
    report.progress("until hub and proxy are ready");
    await pollUntil(async () => ((await areReady(exec, target)) ? true : undefined), {
      what: "hub and proxy to be ready",
      everySeconds: 3,
      timeoutSeconds: 900,
      signal,
    });
  },
});

async function areReady(exec: Installation["exec"], target: KubeTarget): Promise<boolean> {
  const { stdout } = await exec(getCommand(target, { ...hubAndProxy, resource: "deployment" }));
  const deployments = parseReplicas(stdout);
  return deployments.length > 0 && deployments.every(({ wanted, ready }) => wanted > 0 && ready >= wanted);
}

export function findServers(exec: Installation["exec"], target: KubeTarget): Promise<string[]> {
  return namesOf(exec, target, servers);
}

export function describeServers(running: readonly string[]): string {
  const count = running.length === 1 ? "1 server runs" : `${running.length} servers run`;
  const names = running.length === 0 ? "" : ` (${shorten(running)})`;
  return `${count} now${names}; who works loses what is not saved`;
}

/** First the hub, or servers would be started again. */
export async function stopHub(
  { exec, signal }: Means,
  target: KubeTarget,
  deployments: readonly string[],
): Promise<void> {
  for (const name of deployments) {
    await exec(scaleCommand(target, { resource: "deployment", name, namespace, replicas: 0 }));
  }
  await pollUntil(
    async () => {
      const hubPods = await namesOf(exec, target, { ...hubAndProxy, resource: "pods" });
      return hubPods.length === 0 ? true : undefined;
    },
    { what: "the hub to stop", everySeconds: 2, timeoutSeconds: 300, signal },
  );
}

export async function endServers({ exec, signal }: Means, target: KubeTarget, report: Report): Promise<void> {
  await exec(deleteCommand(target, servers));
  await pollUntil(
    async () => {
      const left = await findServers(exec, target);
      report.progress(`${left.length} servers left`);
      return left.length === 0 ? true : undefined;
    },
    { what: "users' servers to stop", everySeconds: 2, timeoutSeconds: 600, signal },
  );
}

function shorten(names: readonly string[]): string {
  return names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")}, …`;
}

export async function namesOf(
  exec: Installation["exec"],
  target: KubeTarget,
  what: { resource: string; namespace: string; selector: string },
): Promise<string[]> {
  return parseNames((await exec(getCommand(target, what))).stdout);
}
