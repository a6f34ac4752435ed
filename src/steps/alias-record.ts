import { changeRecords } from "../aws/alias-record.ts";
import { aliasTarget, planRoute, recordToMake, type DomainRoute } from "../aws/route-domain.ts";
import { openDns } from "../dns/ask.ts";
import { defineStep, type Checked, type Report } from "../engine/step.ts";
import { faultOf } from "../reach/check-reach.ts";
import type { Installation } from "./installation.ts";
import { readPublicBalancer } from "./public-address.ts";
import { waitForAnswer } from "./wait-for-answer.ts";

interface Plan {
  route: Extract<DomainRoute, { in: "route53" }>;
  host: string;
}

/**
 * The domain leads to the load balancer. What is not hubctl's to change is told and left: the hub is there, and the
 * record may be made at any time.
 */
export const aliasRecord = defineStep({
  id: "alias-record",
  title: "Lead the domain to the hub",
  usual: 90,
  async check(installation: Installation): Promise<Checked<Plan>> {
    const { aws, config, deployment, signal } = installation;
    const kube = await installation.kubeTarget();
    if (!kube) return { unknown: "known once the cluster exists" };
    const balancer = await readPublicBalancer(installation, kube);
    if (!balancer) return { unknown: "known once the hub has a load balancer" };
    const target = aliasTarget(balancer);
    const { lock } = await installation.lock();
    const route = await planRoute(aws, openDns({ signal }), { config, id: lock.id, target });
    const { domain } = config;
    const { host } = target;
    if (route.in === "elsewhere") {
      const wait = `hubctl route-dns --wait --deployment ${deployment.name}`;
      installation.domainAdvice = [
        `make this record (${route.why}): ${recordToMake(domain, host)}`,
        `${wait} tells when the hub answers; or ${route.todo}`,
      ];
      return { done: `not in Route 53: ${route.why}` };
    }
    const { verdict } = route;
    switch (verdict.kind) {
      case "same":
        installation.domainAdvice = [];
        return { done: `${domain} leads to ${host}` };
      case "foreign":
        installation.domainAdvice = [
          `${domain} leads elsewhere (${verdict.shown.join("; ")}), and was left so: hubctl route-dns --deployment ${deployment.name} asks what to do`,
        ];
        return { done: `left as it is: ${verdict.shown.join("; ")}`, drift: verdict.shown.join("; ") };
      case "absent":
        return { change: `make the record in the zone ${route.zone.name}`, plan: { route, host } };
      case "outdated":
        return { change: `change ${verdict.shown.join("; ")} to ${host}`, plan: { route, host } };
    }
  },
  async run(installation: Installation, { route, host }: Plan, report: Report) {
    const { deployment, signal } = installation;
    const { client, zone, verdict } = route;
    if (verdict.kind !== "absent" && verdict.kind !== "outdated") return;
    report.progress("waiting for Route 53's name servers");
    await changeRecords(client, zone, verdict.change, { signal, comment: `hubctl: ${deployment.name}` });
    const checks = await waitForAnswer(installation, { host, nameServers: zone.nameServers }, report);
    const fault = faultOf(checks);
    installation.domainAdvice = fault ? [`${fault.text}${fault.todo === undefined ? "" : ` → ${fault.todo}`}`] : [];
  },
});
