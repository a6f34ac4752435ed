import {
  ListResourceRecordSetsCommand,
  paginateListHostedZones,
  type ListResourceRecordSetsCommandInput,
  type ListResourceRecordSetsCommandOutput,
  type ResourceRecordSet,
  type Route53Client,
} from "@aws-sdk/client-route-53";
import { plainName } from "../../dns/names.ts";
import { markName, plainHost, readMark, type Mark } from "../alias-record.ts";
import { zoneTag } from "../certificates.ts";
import { hasProvedOthers } from "../own-certificates.ts";
import { idTag, type Found } from "./resource.ts";
import { mapFew, type Scope } from "./scope.ts";

/**
 * Records carry no tags. Ours lead to our load balancers, or once did, as a deployment's mark beside them says; or
 * hubctl wrote them to prove a domain to a certificate.
 */
export async function findDnsRecords(scope: Scope): Promise<Found[]> {
  const [balancers, proofs] = await Promise.all([scope.found("load-balancers"), findProofs(scope)]);
  const targets = new Map(balancers.map(({ id, arn = id, facts }) => [plainHost(facts?.["host"] ?? ""), arn]));
  const client = await scope.aws.rare.route53();
  const zones: string[] = [];
  for await (const { HostedZones = [] } of paginateListHostedZones({ client }, {}))
    zones.push(...HostedZones.flatMap(({ Id }) => Id ?? []));
  const found = await mapFew(zones, async (zone) => {
    const id = zone.replace("/hostedzone/", "");
    const records: ResourceRecordSet[] = [];
    for await (const record of recordsOf(client, zone)) records.push(record);
    const marks = new Map(records.flatMap((record) => readMark(record) ?? []).map((mark) => [mark.domain, mark]));
    return records.flatMap((record): Found[] => {
      const { Name = "", Type = "" } = record;
      const whole =
        hostsOf(record).flatMap((host) => targets.get(host) ?? [])[0] ?? proofs.get(`${id} ${Type} ${plainName(Name)}`);
      const beside = marks.get(plainName(Name));
      const mark = readMark(record) ?? (beside && hostsOf(record).includes(beside.host) ? beside : undefined);
      if (whole === undefined && !mark) return [];
      return [
        {
          category: "dns-records",
          id: `${Type} ${Name} in ${id}`,
          tags: {},
          ...(whole !== undefined && { partOf: [whole] }),
          ...(mark && { claim: claimOf(mark) }),
          monthlyCost: 0,
          facts: { zone, record: JSON.stringify(record) },
        },
      ];
    });
  });
  return found.flat();
}

function claimOf({ domain, id }: Mark): NonNullable<Found["claim"]> {
  return { words: `the record ${markName(domain)} says ${idTag} ${id}`, deployment: undefined, ids: [id] };
}

/** Hosts that a record leads to; an address could be anybody's. */
function hostsOf({ Type, AliasTarget: alias, ResourceRecords: values = [] }: ResourceRecordSet): string[] {
  const names = [alias?.DNSName, ...(Type === "CNAME" ? values.map(({ Value }) => Value) : [])];
  return names.flatMap((name) => (name === undefined ? [] : plainHost(name)));
}

/**
 * ARNs of certificates by the records that hubctl wrote for them: "ZONE CNAME NAME". What was there before has no tag, and
 * what others' certificates were issued by stays.
 */
async function findProofs(scope: Scope): Promise<Map<string, string>> {
  const proofs = new Map<string, string>();
  for (const { id: arn, name: domain = "", tags, facts, created: requested } of await scope.found("certificates")) {
    const zone = tags[zoneTag];
    const [name = ""] = (facts?.["validation"] ?? "").split(" ");
    if (zone === undefined || name === "") continue;
    if (await hasProvedOthers(scope.aws, { tags, domain, ...(requested && { requested }) }, name)) continue;
    proofs.set(`${zone} CNAME ${plainName(name)}`, arn);
  }
  return proofs;
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
