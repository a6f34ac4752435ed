import { listNodeGroups } from "../aws/node-groups.ts";
import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Report } from "../engine/step.ts";
import { getCommand, parseNodes, type NodeState } from "../tools/kubectl.ts";
import type { KubeTarget } from "../tools/helm.ts";
import type { Installation } from "./installation.ts";

const groupLabel = "eks.amazonaws.com/nodegroup";

export const coreNodes = defineStep({
  id: "core-nodes",
  title: "Wait for the core nodes",
  usual: 30,
  async check(installation: Installation) {
    const target = await installation.kubeTarget();
    if (!target) return { unknown: "known once the cluster exists" };
    const { desired } = installation.config.cluster.coreNodes;
    const { ready, leaving } = await lookAtNodes(installation, target);
    if (ready >= desired && leaving === 0) return { done: `${ready} ready` };
    return { change: describeWait(desired, { ready, leaving }), plan: target };
  },
  async run(installation: Installation, target: KubeTarget, report: Report) {
    const { desired } = installation.config.cluster.coreNodes;
    await pollUntil(
      async () => {
        const { ready, leaving } = await lookAtNodes(installation, target);
        report.progress(
          ready < desired || leaving === 0
            ? `${ready} of ${desired} are ready`
            : `${leaving} of a former node group still listed`,
        );
        return ready >= desired && leaving === 0 ? true : undefined;
      },
      { what: "the core nodes", everySeconds: 5, timeoutSeconds: 900, signal: installation.signal },
    );
  },
});

interface CoreNodes {
  ready: number;
  /** Nodes of a node group that is gone. */
  leaving: number;
}

function describeWait(desired: number, { ready, leaving }: CoreNodes): string {
  if (ready < desired) return `wait until ${desired} are ready (${ready} now)`;
  return `wait until ${leaving} of a former node group ${leaving === 1 ? "is" : "are"} gone`;
}

/**
 * A node stays listed for a while after its machine. A load balancer that is made meanwhile gets it as a target, which
 * AWS refuses (InvalidTarget).
 */
async function lookAtNodes({ exec, aws, config }: Installation, target: KubeTarget): Promise<CoreNodes> {
  const selector = "hub.jupyter.org/node-purpose=core";
  const { stdout } = await exec(getCommand(target, { resource: "nodes", selector }));
  const nodes = parseNodes(stdout);
  const groups = new Set(nodes.map(({ labels }) => labels[groupLabel]));
  const present = groups.size > 1 ? await listNodeGroups(aws, config.name) : undefined;
  const isLeaving = ({ labels }: NodeState): boolean =>
    present !== undefined &&
    labels[groupLabel] !== undefined &&
    !present.some(({ name }) => name === labels[groupLabel]);
  const staying = nodes.filter((node) => !isLeaving(node));
  return { ready: staying.filter(({ isReady }) => isReady).length, leaving: nodes.length - staying.length };
}
