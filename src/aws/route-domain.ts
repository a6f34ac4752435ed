import type { LoadBalancer } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { ResourceRecordSet, Route53Client } from "@aws-sdk/client-route-53";
import type { HubConfig } from "../config/hub-config.ts";
import type { PublicDns } from "../dns/ask.ts";
import { namesUp } from "../dns/names.ts";
import { ToolError, UserError } from "../errors.ts";
import {
  describeRecord,
  judgeRecords,
  ownRecords,
  readDomainRecords,
  type AliasTarget,
  type Verdict,
} from "./alias-record.ts";
import type { AwsClients } from "./clients.ts";
import { findHostedZone, listZonesHolding, openRoute53, type HostedZone, type KnownZone } from "./hosted-zones.ts";
import { findOwnLoadBalancers } from "./own-load-balancers.ts";

type Domain = Pick<HubConfig, "domain" | "hostedZone" | "aws">;

/** How the domain comes to lead to the hub. */
export type DomainRoute =
  | { in: "route53"; client: Route53Client; zone: KnownZone; remarks: string[]; verdict: Verdict }
  /** By a record that somebody makes elsewhere. */
  | { in: "elsewhere"; why: string; todo: string };

export async function planRoute(
  aws: AwsClients,
  dns: PublicDns,
  { config, id, target }: { config: Domain; id: string; target: AliasTarget },
): Promise<DomainRoute> {
  const { domain, hostedZone: setting } = config;
  try {
    const client = await openRoute53(aws, config.aws, setting);
    const choice = await findHostedZone(client, dns, { domain, setting });
    if ("none" in choice) return { in: "elsewhere", why: choice.none, todo: choice.todo };
    const { zone, remarks } = choice;
    const records = await readDomainRecords(client, zone, domain);
    if (records.handedOn) {
      const why = `the zone ${zone.name} (${zone.id}) hands on: ${describeRecord(records.handedOn)}`;
      return { in: "elsewhere", why, todo: `make the record at those name servers, or name their zone: hostedZone` };
    }
    return { in: "route53", client, zone, remarks, verdict: judgeRecords(records, { domain, id, target }) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const why = `AWS does not let this login look at Route 53: ${error.message}`;
    return { in: "elsewhere", why, todo: "ask for route53:ListHostedZones, or make the record yourself" };
  }
}

/** Where there is a load balancer for a record to lead to. */
export function aliasTarget({ DNSName, CanonicalHostedZoneId, IpAddressType }: LoadBalancer): AliasTarget {
  if (DNSName === undefined || CanonicalHostedZoneId === undefined) {
    throw new ToolError("LoadBalancerUnnamed", "AWS tells neither name nor zone of the hub's load balancer");
  }
  return { host: DNSName.toLowerCase(), zoneId: CanonicalHostedZoneId, isDualStack: IpAddressType === "dualstack" };
}

/** The record as one would write it where DNS is not in Route 53. */
export function recordToMake(domain: string, host: string): string {
  const record = `${domain}.  300  IN  CNAME  ${host}.`;
  // Beside the SOA and NS records of a zone's own name there can be no CNAME (RFC 1034, section 3.6.2).
  const isApexPossible = namesUp(domain).length <= 3;
  return isApexPossible ? `${record}  (for the zone's own name: ALIAS or ANAME, where they are offered)` : record;
}

export interface OwnRecords {
  client: Route53Client;
  zone: HostedZone;
  records: ResourceRecordSet[];
}

/** This deployment's records in all zones that could hold its domain, or why they can't be looked at. */
export async function findOwnRecords(
  aws: AwsClients,
  { config, id }: { config: Domain; id: string },
): Promise<OwnRecords[] | { refused: string }> {
  const { domain, hostedZone: setting } = config;
  try {
    const client = await openRoute53(aws, config.aws, setting);
    const [zones, hosts] = await Promise.all([listZonesHolding(client, domain, setting), ownHosts(aws, id)]);
    const found = await Promise.all(
      zones.map(async (zone) => {
        const records = ownRecords(await readDomainRecords(client, zone, domain), { id, hosts });
        return { client, zone, records };
      }),
    );
    return found.filter(({ records }) => records.length > 0);
  } catch (error) {
    // A zone that is gone, or not the domain's, holds nothing that could be removed.
    if (error instanceof UserError && ["HostedZoneNotFound", "HostedZoneUnfit"].includes(error.code)) return [];
    if (!isRefusal(error)) throw error;
    return { refused: error.message };
  }
}

async function ownHosts(aws: AwsClients, id: string): Promise<string[]> {
  const { loadBalancers } = await findOwnLoadBalancers(aws, id);
  if (loadBalancers.length === 0) return [];
  const { DescribeLoadBalancersCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const answer = await aws.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: loadBalancers }));
  return (answer.LoadBalancers ?? []).flatMap(({ DNSName }) => DNSName ?? []);
}

function isRefusal(error: unknown): error is Error {
  return error instanceof Error && (error.name === "AccessDenied" || error.name === "AccessDeniedException");
}
