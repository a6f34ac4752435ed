import { findLoadBalancer } from "../aws/load-balancer.ts";
import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Report } from "../engine/step.ts";
import { ToolError } from "../errors.ts";
import { hub } from "../releases/hub.ts";
import { getCommand, parseServiceAddress } from "../tools/kubectl.ts";
import type { KubeTarget } from "../tools/helm.ts";
import type { Installation } from "./installation.ts";

export const loadBalancer = defineStep({
  id: "load-balancer",
  title: "Wait for the hub's load balancer",
  usual: 150,
  async check(installation: Installation) {
    const target = await installation.kubeTarget();
    if (!target) return { unknown: "known once the cluster exists" };
    const { address, state } = await readLoadBalancer(installation, target);
    if (state === "active") return { done: address };
    return { change: `wait for it (${state})`, plan: target };
  },
  async run(installation: Installation, target: KubeTarget, report: Report) {
    await pollUntil(
      async () => {
        const { state } = await readLoadBalancer(installation, target);
        report.progress(state);
        return state === "active" ? true : undefined;
      },
      { what: "the hub's load balancer", everySeconds: 5, timeoutSeconds: 600, signal: installation.signal },
    );
  },
});

async function readLoadBalancer(installation: Installation, target: KubeTarget) {
  const { exec, aws } = installation;
  const service = { resource: "service", name: "proxy-public", namespace: hub.namespace };
  const address = parseServiceAddress((await exec(getCommand(target, service))).stdout);
  if (address === undefined) return { address: "", state: "it has no name yet" };
  const balancer = await findLoadBalancer(aws, address);
  if (balancer) installation.loadBalancer = address;
  const { Code: state = "not in AWS yet", Reason: reason = "" } = balancer?.State ?? {};
  if (state === "failed") {
    throw new ToolError("LoadBalancerFailed", `AWS could not set up the load balancer ${address}`, {
      output: reason,
      hint: "kubectl describe service proxy-public -n jupyterhub",
    });
  }
  return { address, state };
}
