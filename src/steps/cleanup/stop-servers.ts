import { pollUntil } from "../../engine/poll.ts";
import { hub } from "../../releases/hub.ts";
import { deleteCommand, getCommand, parseNames, scaleCommand } from "../../tools/kubectl.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import type { Cleanup } from "./cleanup.ts";
import { inClusterStep } from "./in-cluster-step.ts";

const servers = { resource: "pods", namespace: hub.namespace, selector: "component=singleuser-server" };

/** What lets people in, and starts their servers. */
const hubAndProxy = "component in (hub,proxy)";

/** Users' pods belong to no release: without the hub nobody would ever end them. */
export const stopServers = inClusterStep({
  id: "stop-servers",
  title: "Close the hub and stop users' servers",
  async check({ exec }, target) {
    const [running, deployments] = await Promise.all([
      namesOf(exec, target, servers),
      namesOf(exec, target, { resource: "deployment", namespace: hub.namespace, selector: hubAndProxy }),
    ]);
    if (running.length === 0 && deployments.length === 0) return { done: "no hub and no servers" };
    const count = running.length === 1 ? "1 server runs" : `${running.length} servers run`;
    const names = running.length === 0 ? "" : ` (${shorten(running)})`;
    return { change: `${count} now${names}; who works loses what is not saved`, plan: { deployments } };
  },
  async run({ exec, signal }, target, { deployments }, report) {
    // First these two, or servers would be started again.
    for (const name of deployments) {
      await exec(scaleCommand(target, { resource: "deployment", name, namespace: hub.namespace, replicas: 0 }));
    }
    await pollUntil(
      async () => {
        const hubPods = await namesOf(exec, target, { ...servers, selector: hubAndProxy });
        return hubPods.length === 0 ? true : undefined;
      },
      { what: "the hub to stop", everySeconds: 2, timeoutSeconds: 300, signal },
    );
    await exec(deleteCommand(target, servers));
    await pollUntil(
      async () => {
        const left = await namesOf(exec, target, servers);
        report.progress(`${left.length} servers left`);
        return left.length === 0 ? true : undefined;
      },
      { what: "users' servers to stop", everySeconds: 2, timeoutSeconds: 600, signal },
    );
  },
});

function shorten(names: readonly string[]): string {
  return names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")}, …`;
}

async function namesOf(
  exec: Cleanup["exec"],
  target: KubeTarget,
  what: { resource: string; namespace: string; selector: string },
): Promise<string[]> {
  return parseNames((await exec(getCommand(target, what))).stdout);
}
