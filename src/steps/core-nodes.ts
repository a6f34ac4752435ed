import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Report } from "../engine/step.ts";
import { getCommand, parseNodes } from "../tools/kubectl.ts";
import type { KubeTarget } from "../tools/helm.ts";
import type { Installation } from "./installation.ts";

export const coreNodes = defineStep({
  id: "core-nodes",
  title: "Wait for the core nodes",
  usual: 30,
  async check(installation: Installation) {
    const target = await installation.kubeTarget();
    if (!target) return { unknown: "known once the cluster exists" };
    const { desired } = installation.config.cluster.coreNodes;
    const ready = await countReady(installation, target);
    if (ready >= desired) return { done: `${ready} ready` };
    return { change: `wait until ${desired} are ready (${ready} now)`, plan: target };
  },
  async run(installation: Installation, target: KubeTarget, report: Report) {
    const { desired } = installation.config.cluster.coreNodes;
    await pollUntil(
      async () => {
        const ready = await countReady(installation, target);
        report.progress(`${ready} of ${desired} are ready`);
        return ready >= desired ? true : undefined;
      },
      { what: "the core nodes", everySeconds: 5, timeoutSeconds: 900, signal: installation.signal },
    );
  },
});

async function countReady({ exec }: Installation, target: KubeTarget): Promise<number> {
  const selector = "hub.jupyter.org/node-purpose=core";
  const { stdout } = await exec(getCommand(target, { resource: "nodes", selector }));
  return parseNodes(stdout).filter(({ isReady }) => isReady).length;
}
