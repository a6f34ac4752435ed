import { findLoadBalancer } from "../aws/load-balancer.ts";
import { aliasTarget, planRoute, recordToMake, type DomainRoute } from "../aws/route-domain.ts";
import { openDns } from "../dns/ask.ts";
import { checkReach } from "../reach/check-reach.ts";
import type { ReachCheck } from "../reach/layer.ts";
import { judgeHubPods } from "./hub-pods.ts";
import { conclude, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import { findService, judgeAddress } from "./load-balancer.ts";
import type { Scene } from "./scene.ts";

/** From the domain to the hub, as a browser goes. */
export async function checkDomain(scene: Scene): Promise<Finding> {
  const { aws, config, deployment, lock, signal, now } = scene;
  const objects = await scene.objects;
  const service = findService(objects.services);
  const address = service?.status.loadBalancer.ingress[0]?.hostname;
  if (address === undefined) return judgeAddress(service);
  const balancer = await findLoadBalancer(aws, address);
  if (!balancer) {
    return { state: "unknown", finding: "without a load balancer there is nowhere for the domain to lead" };
  }
  const target = aliasTarget(balancer);
  const dns = openDns({ signal });
  const { domain, network } = config;
  const common = { dns, domain, host: target.host, deployment: deployment.name, signal, now };
  const [route, checks] = await Promise.all([
    settle(planRoute(aws, dns, { config, id: lock.id, target })),
    checkReach({ ...common, isInternal: network.internal }),
  ]);
  const isHubIll = judgeHubPods(scene, objects, undefined).state === "problem";
  return judgeDomain(route, checks, { deployment: deployment.name, domain, host: target.host, isHubIll });
}

export function judgeDomain(
  route: Answer<DomainRoute>,
  checks: readonly ReachCheck[],
  { isHubIll, ...subject }: Subject & { isHubIll: boolean },
): Finding {
  const remarks: Remark[] = checks.flatMap(({ layer, state, text, todo }) => {
    if (state === "ok") return [];
    // The layer "hub" tells of it, and why: one fault is one problem.
    const told = layer === "hub" && state === "problem" && isHubIll ? "warning" : state;
    return [{ state: told, text, ...(todo !== undefined && { todo }) }];
  });
  // However the record looks, and wherever it is kept.
  const leadsThere = checks.some(({ layer, state }) => layer === "dns" && state === "ok");
  const routed = routeRemark(route, subject, leadsThere);
  const details = Object.fromEntries(checks.map((check) => [check.layer, check.details ?? check.state]));
  return conclude(checks.map(({ text }) => text).join("; "), [...(routed ? [routed] : []), ...remarks], details);
}

interface Subject {
  deployment: string;
  domain: string;
  /** The load balancer's name. */
  host: string;
}

function routeRemark(
  route: Answer<DomainRoute>,
  { deployment, domain, host }: Subject,
  leadsThere: boolean,
): Remark | undefined {
  if ("unknown" in route) return leadsThere ? undefined : { state: "unknown", text: route.unknown };
  if (route.value.in === "elsewhere") {
    if (leadsThere) return undefined;
    return { state: "problem", text: route.value.why, todo: `make this record: ${recordToMake(domain, host)}` };
  }
  const { verdict } = route.value;
  const todo = `hubctl route-dns --deployment ${deployment}`;
  switch (verdict.kind) {
    case "same":
      return undefined;
    case "absent":
      return leadsThere ? undefined : { state: "problem", text: `there is no record for ${domain}`, todo };
    case "outdated":
      return { state: "problem", text: `the record is of an earlier load balancer: ${verdict.shown.join("; ")}`, todo };
    case "foreign":
      return leadsThere
        ? undefined
        : { state: "problem", text: `the record leads elsewhere: ${verdict.shown.join("; ")}`, todo };
  }
}
