import type { LoadBalancer } from "@aws-sdk/client-elastic-load-balancing-v2";
import { findLoadBalancer } from "../aws/load-balancer.ts";
import { hub } from "../releases/hub.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { getCommand, parseServiceAddress } from "../tools/kubectl.ts";
import type { Installation } from "./installation.ts";

/** The load balancer that the hub's public Service names; undefined while there is none. */
export async function readPublicBalancer(
  { exec, aws }: Pick<Installation, "exec" | "aws">,
  target: KubeTarget,
): Promise<LoadBalancer | undefined> {
  const service = { resource: "service", name: "proxy-public", namespace: hub.namespace };
  const address = parseServiceAddress((await exec(getCommand(target, service))).stdout);
  return address === undefined ? undefined : findLoadBalancer(aws, address);
}
