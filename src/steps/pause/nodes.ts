import { listNodeGroups, scaleNodeGroup, type NodeGroup } from "../../aws/node-groups.ts";
import type { Scaling } from "../../aws/pause.ts";
import { pollUntil } from "../../engine/poll.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import { karpenter } from "../../releases/karpenter.ts";
import { deleteCommand, getCommand, parseNames, parseNodes, parseReadyReplicas } from "../../tools/kubectl.ts";
import type { Reached } from "../cluster-reach.ts";
import { findPause } from "../paused.ts";
import { markPause } from "./record-pause.ts";

const nodeClaims = "nodeclaims.karpenter.sh";
const coreNodeLabel = "hub.jupyter.org/node-purpose=core";

/** While Karpenter runs, who ends its machines. Its node pools stay: nothing asks them for nodes. */
export const endUserNodes = defineStep({
  id: "end-user-nodes",
  title: "End users' nodes",
  async check(reached: Reached) {
    const claims = await findClaims(reached);
    if (claims.length === 0) return { done: "there are none" };
    return { change: claims.length === 1 ? "1 node" : `${claims.length} nodes`, plan: undefined };
  },
  async run(reached: Reached, _, report: Report) {
    const { exec, signal } = reached;
    await exec(deleteCommand(await reached.cluster(), { resource: nodeClaims, all: true }));
    await pollUntil(
      async () => {
        const left = await findClaims(reached);
        report.progress(`${left.length} left`);
        return left.length === 0 ? true : undefined;
      },
      { what: "users' nodes to go", everySeconds: 3, timeoutSeconds: 900, signal },
    );
  },
});

export const stopCoreNodes = defineStep({
  id: "stop-core-nodes",
  title: "End the core nodes",
  usual: 120,
  async check(reached: Reached) {
    const [pause, groups] = await Promise.all([findPause(reached), listNodeGroups(reached.aws, reached.config.name)]);
    const running = groups.filter(({ scaling }) => scaling.desired > 0 || scaling.min > 0);
    const nodes = running.reduce((sum, { scaling }) => sum + scaling.desired, 0);
    if (running.length === 0 && pause?.isComplete === true) return { done: "there are none" };
    return { change: `${nodes} of them; hub, Karpenter and add-ons wait for nodes from then on`, plan: running };
  },
  async run(reached: Reached, running: NodeGroup[], report: Report) {
    const { aws, config, exec, signal } = reached;
    const target = await reached.cluster();
    for (const { name, scaling } of running) {
      await untilSettled(reached, report);
      await scaleNodeGroup(aws, config.name, name, { ...scaling, min: 0, desired: 0 });
    }
    await pollUntil(
      async () => {
        const { stdout } = await exec(getCommand(target, { resource: "nodes", selector: coreNodeLabel }));
        const left = parseNames(stdout);
        report.progress(`${left.length} left`);
        return left.length === 0 ? true : undefined;
      },
      { what: "the core nodes to go", everySeconds: 5, timeoutSeconds: 900, signal },
    );
    await untilSettled(reached, report);
    await markPause(reached, { isComplete: true });
  },
});

export const startCoreNodes = defineStep({
  id: "start-core-nodes",
  title: "Start the core nodes, and Karpenter on them",
  usual: 120,
  async check(reached: Reached) {
    const [pause, groups] = await Promise.all([findPause(reached), listNodeGroups(reached.aws, reached.config.name)]);
    const wanted = groups.flatMap(({ name, scaling }) => {
      const former = pause?.nodeGroups[name];
      return former && scaling.desired < former.desired ? [{ name, scaling: former }] : [];
    });
    const nodes = wanted.reduce((sum, { scaling }) => sum + scaling.desired, 0);
    if (wanted.length > 0) return { change: `${nodes} of them, as before`, plan: wanted };
    return (await isKarpenterReady(reached)) ? { done: "they run" } : { change: "wait until they are ready", plan: [] };
  },
  async run(reached: Reached, wanted: { name: string; scaling: Scaling }[], report: Report) {
    const { aws, config, exec, signal } = reached;
    const target = await reached.cluster();
    await markPause(reached, { isComplete: false });
    for (const { name, scaling } of wanted) {
      await untilSettled(reached, report);
      await scaleNodeGroup(aws, config.name, name, scaling);
    }
    const nodes = wanted.reduce((sum, { scaling }) => sum + scaling.desired, 0);
    await pollUntil(
      async () => {
        const { stdout } = await exec(getCommand(target, { resource: "nodes", selector: coreNodeLabel }));
        const ready = parseNodes(stdout).filter(({ isReady }) => isReady).length;
        report.progress(`${ready} of ${nodes} nodes are ready`);
        return ready >= Math.max(nodes, 1) ? true : undefined;
      },
      { what: "the core nodes", everySeconds: 5, timeoutSeconds: 900, signal },
    );
    report.progress("until Karpenter is ready");
    await pollUntil(async () => ((await isKarpenterReady(reached)) ? true : undefined), {
      what: "Karpenter to be ready",
      everySeconds: 5,
      timeoutSeconds: 600,
      signal,
    });
  },
});

/** EKS does one thing after the other with a node group, and refuses the next one meanwhile. */
async function untilSettled({ aws, config, signal }: Reached, report: Report): Promise<void> {
  await pollUntil(
    async () => {
      const busy = (await listNodeGroups(aws, config.name)).filter(({ status }) => status === "UPDATING");
      if (busy.length > 0) report.progress("EKS is still at work on the node group");
      return busy.length === 0 ? true : undefined;
    },
    { what: "EKS to finish with the node group", everySeconds: 5, timeoutSeconds: 900, signal },
  );
}

async function findClaims(reached: Reached): Promise<string[]> {
  const target = await reached.cluster();
  return parseNames((await reached.exec(getCommand(target, { resource: nodeClaims }))).stdout);
}

async function isKarpenterReady(reached: Reached): Promise<boolean> {
  const { name, namespace } = karpenter;
  const { stdout } = await reached.exec(
    getCommand(await reached.cluster(), { resource: "deployment", name, namespace }),
  );
  return parseReadyReplicas(stdout) > 0;
}
