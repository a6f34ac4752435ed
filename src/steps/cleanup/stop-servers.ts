import { describeServers, endServers, findServers, hubAndProxy, namesOf, stopHub } from "../hub-doors.ts";
import { inClusterStep } from "./in-cluster-step.ts";

/** Users' pods belong to no release: without the hub nobody would ever end them. */
export const stopServers = inClusterStep({
  id: "stop-servers",
  title: "Close the hub and stop users' servers",
  async check({ exec }, target) {
    const [running, deployments] = await Promise.all([
      findServers(exec, target),
      namesOf(exec, target, { ...hubAndProxy, resource: "deployment" }),
    ]);
    if (running.length === 0 && deployments.length === 0) return { done: "no hub and no servers" };
    return { change: describeServers(running), plan: { deployments } };
  },
  async run(cleanup, target, { deployments }, report) {
    await stopHub(cleanup, target, deployments);
    await endServers(cleanup, target, report);
  },
});
