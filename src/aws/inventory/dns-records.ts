import {
  ListResourceRecordSetsCommand,
  paginateListHostedZones,
  type ListResourceRecordSetsCommandInput,
  type ListResourceRecordSetsCommandOutput,
  type ResourceRecordSet,
  type Route53Client,
} from "@aws-sdk/client-route-53";
import type { Found } from "./resource.ts";
import { mapFew, type Scope } from "./scope.ts";

/** Records carry no tags: ours lead to our load balancers, or prove a domain to our certificates. */
export async function findDnsRecords(scope: Scope): Promise<Found[]> {
  const [balancers, certificates] = await Promise.all([scope.found("load-balancers"), scope.found("certificates")]);
  const targets = new Map(balancers.map(({ id, arn = id, facts }) => [plainName(facts?.["host"]), arn]));
  const proofs = new Map(
    certificates.flatMap(({ id, facts }) =>
      (facts?.["validation"] ?? "").split(" ").flatMap((name) => (name === "" ? [] : [[plainName(name), id] as const])),
    ),
  );
  if (targets.size + proofs.size === 0) return [];
  const client = await scope.aws.rare.route53();
  const zones: string[] = [];
  for await (const { HostedZones = [] } of paginateListHostedZones({ client }, {}))
    zones.push(...HostedZones.flatMap(({ Id }) => Id ?? []));
  const found = await mapFew(zones, async (HostedZoneId) => {
    const records: Found[] = [];
    for await (const record of recordsOf(client, HostedZoneId)) {
      const { Name = "", Type = "", AliasTarget, ResourceRecords = [] } = record;
      const values = [AliasTarget?.DNSName, ...(Type === "CNAME" ? ResourceRecords.map(({ Value }) => Value) : [])];
      const target = values.map((value) => targets.get(plainName(value))).find((owner) => owner !== undefined);
      const owner = target ?? (Type === "CNAME" ? proofs.get(plainName(Name)) : undefined);
      if (owner === undefined) continue;
      records.push({
        category: "dns-records",
        id: `${Type} ${Name}`,
        tags: {},
        partOf: [owner],
        monthlyCost: 0,
        facts: { zone: HostedZoneId, record: JSON.stringify(record) },
      });
    }
    return records;
  });
  return found.flat();
}

/** The SDK has no paginator for this one. */
async function* recordsOf(client: Route53Client, HostedZoneId: string): AsyncGenerator<ResourceRecordSet> {
  let next: ListResourceRecordSetsCommandInput | undefined = { HostedZoneId };
  while (next) {
    const page: ListResourceRecordSetsCommandOutput = await client.send(new ListResourceRecordSetsCommand(next));
    yield* page.ResourceRecordSets ?? [];
    next = page.IsTruncated
      ? {
          HostedZoneId,
          StartRecordName: page.NextRecordName,
          StartRecordType: page.NextRecordType,
          StartRecordIdentifier: page.NextRecordIdentifier,
        }
      : undefined;
  }
}

/** Names without their final dot, and without what Route 53's console puts before a load balancer's. */
function plainName(name: string | undefined): string {
  return (name ?? "")
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/^dualstack\./, "");
}
