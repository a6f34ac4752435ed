import {
  deleteLoadBalancer,
  deleteTargetGroup,
  findOwnLoadBalancers,
  interfacesOf,
  type OwnLoadBalancers,
} from "../../aws/own-load-balancers.ts";
import { pollUntil } from "../../engine/poll.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import { hub } from "../../releases/hub.ts";
import { deleteCommand } from "../../tools/kubectl.ts";
import type { Cleanup } from "./cleanup.ts";

/** How long the service controller gets before its work is done for it. */
const controllerSeconds = 300;

/**
 * The Service goes first, while its controller can take the load balancer away; what that leaves behind is removed by
 * the tag. Nothing of it may be left when the VPC goes.
 */
export const removeLoadBalancer = defineStep({
  id: "remove-load-balancer",
  title: "Take the hub off its load balancer, and that out of AWS",
  async check({ aws, id }: Cleanup) {
    const found = await findOwnLoadBalancers(aws, id);
    const named = describe(found);
    return named === "" ? { done: "none" } : { change: named, plan: found };
  },
  async run(cleanup: Cleanup, planned: OwnLoadBalancers, report: Report) {
    const { aws, exec, id, signal } = cleanup;
    const reach = await cleanup.reach();
    if (reach.kind === "ok") {
      const service = { resource: "service", name: "proxy-public", namespace: hub.namespace };
      await exec(deleteCommand(reach.target, service));
    }
    let waited = reach.kind === "ok" ? 0 : controllerSeconds;
    await pollUntil(
      async () => {
        const found = await findOwnLoadBalancers(aws, id);
        if (found.loadBalancers.length === 0 && found.targetGroups.length === 0) return true;
        report.progress(`left: ${describe(found)}`);
        // The controller forgets target groups when their deletion failed after the load balancer's.
        if (found.loadBalancers.length === 0 || waited >= controllerSeconds) {
          for (const arn of found.loadBalancers) await deleteLoadBalancer(aws, arn);
          if (found.loadBalancers.length === 0) for (const arn of found.targetGroups) await deleteTargetGroup(aws, arn);
        }
        waited += 5;
        return undefined;
      },
      { what: "the load balancer to go", everySeconds: 5, timeoutSeconds: controllerSeconds + 600, signal },
    );
    await pollUntil(
      async () => {
        const left = await interfacesOf(aws, planned.loadBalancers);
        report.progress(`left: ${countOf(left.length, "network interface")}`);
        return left.length === 0 ? true : undefined;
      },
      { what: "the load balancer's network interfaces to go", everySeconds: 5, timeoutSeconds: 900, signal },
    );
  },
});

function describe({ loadBalancers, targetGroups }: OwnLoadBalancers): string {
  const counts = [countOf(loadBalancers.length, "load balancer"), countOf(targetGroups.length, "target group")];
  return counts.filter((count) => count !== "").join(", ");
}

/** "2 target groups"; empty for none. */
function countOf(count: number, kind: string): string {
  return count === 0 ? "" : `${count} ${kind}${count === 1 ? "" : "s"}`;
}
