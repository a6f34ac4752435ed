import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type LoadBalancer,
  type TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { findLoadBalancer } from "../aws/load-balancer.ts";
import { hub } from "../releases/hub.ts";
import type { Service } from "./kube-objects.ts";
import { conclude, countOf, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import type { Scene } from "./scene.ts";

const serviceName = "proxy-public";
const describeService = `kubectl describe service ${serviceName} -n ${hub.namespace}`;

export async function checkLoadBalancer(scene: Scene): Promise<Finding> {
  const { services } = await scene.objects;
  const service = findService(services);
  const address = service?.status.loadBalancer.ingress[0]?.hostname;
  if (address === undefined) return judgeAddress(service);
  const balancer = await findLoadBalancer(scene.aws, address);
  const targets = await settle(askTargets(scene, balancer));
  return judgeLoadBalancer(address, balancer, targets);
}

export function findService(services: readonly Service[]): Service | undefined {
  return services.find(({ metadata }) => metadata.namespace === hub.namespace && metadata.name === serviceName);
}

async function askTargets({ aws }: Scene, balancer: LoadBalancer | undefined): Promise<TargetHealthDescription[]> {
  if (!balancer?.LoadBalancerArn) return [];
  const LoadBalancerArn = balancer.LoadBalancerArn;
  const { TargetGroups = [] } = await aws.elb.send(new DescribeTargetGroupsCommand({ LoadBalancerArn }));
  const health = await Promise.all(
    TargetGroups.map(({ TargetGroupArn }) => aws.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))),
  );
  return health.flatMap(({ TargetHealthDescriptions }) => TargetHealthDescriptions ?? []);
}

/** Of a Service that has no load balancer's name yet. */
export function judgeAddress(service: Service | undefined): Finding {
  const text = service
    ? `the Service ${serviceName} has no load balancer yet`
    : `there is no Service ${serviceName} in namespace ${hub.namespace}`;
  return conclude("", [{ state: "problem", text, todo: describeService }]);
}

export function judgeLoadBalancer(
  address: string,
  balancer: LoadBalancer | undefined,
  targets: Answer<TargetHealthDescription[]>,
): Finding {
  if (!balancer) {
    const text = `AWS knows no load balancer ${address}, which the Service ${serviceName} names`;
    return conclude("", [{ state: "problem", text, todo: describeService }]);
  }
  const { Code: state = "?", Reason: reason = "" } = balancer.State ?? {};
  const remarks: Remark[] = stateRemarks(state, reason);
  if ("unknown" in targets) {
    return conclude("", [...remarks, { state: "unknown", text: targets.unknown }], { address, state });
  }
  const healthy = targets.value.filter(({ TargetHealth }) => TargetHealth?.State === "healthy").length;
  remarks.push(...targetRemarks(targets.value, healthy));
  const good = `${state}, ${healthy} of ${countOf(targets.value.length, "target")} healthy`;
  return conclude(good, remarks, { address, state, targets: targets.value.length, healthyTargets: healthy });
}

function stateRemarks(state: string, reason: string): Remark[] {
  const why = reason === "" ? "" : `: ${reason}`;
  switch (state) {
    case "active":
      return [];
    case "provisioning":
      return [{ state: "warning", text: "AWS is still setting up the load balancer", todo: "wait, then look again" }];
    default:
      return [{ state: "problem", text: `the load balancer is ${state}${why}`, todo: describeService }];
  }
}

function targetRemarks(targets: readonly TargetHealthDescription[], healthy: number): Remark[] {
  if (targets.length === 0) {
    return [
      { state: "problem", text: "the load balancer has no target: nobody reaches the hub", todo: describeService },
    ];
  }
  if (healthy === targets.length) return [];
  const unhealthy = targets.filter(({ TargetHealth }) => TargetHealth?.State !== "healthy");
  const isStarting = unhealthy.every(({ TargetHealth }) => TargetHealth?.State === "initial");
  const why = [
    ...new Set(unhealthy.map(({ TargetHealth }) => TargetHealth?.Description ?? TargetHealth?.State ?? "?")),
  ];
  const text = `${healthy} of ${countOf(targets.length, "target")} healthy (${why.join(", ")})`;
  // With one that is healthy, the hub is reached; what is new is healthy after a few checks.
  const state = healthy > 0 || isStarting ? "warning" : "problem";
  return [{ state, text, todo: `kubectl get pods --selector component=proxy -n ${hub.namespace}` }];
}
