import type { Change, ResourceRecordSet, Route53Client } from "@aws-sdk/client-route-53";
import { isWithin, namesUp, plainName } from "../dns/names.ts";
import { pollUntil } from "../engine/poll.ts";
import { ToolError } from "../errors.ts";
import type { HostedZone } from "./hosted-zones.ts";

/** What the record leads to: https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html */
export interface AliasTarget {
  host: string;
  /** The load balancer's own zone, which differs by region and kind. */
  zoneId: string;
  isDualStack: boolean;
}

/** What of a zone concerns a hub's domain. */
export interface DomainRecords {
  /** Whatever says where the domain leads. */
  addresses: ResourceRecordSet[];
  /** Says which deployment's the record is. */
  mark?: ResourceRecordSet;
  /** Name servers that the domain, or a name above it in the zone, is handed on to. */
  handedOn?: ResourceRecordSet;
}

/** What a change of records is made of: the zone is left as it is if it is not any more as it was read. */
export interface RecordChange {
  remove: ResourceRecordSet[];
  create: ResourceRecordSet[];
}

export type Verdict =
  | { kind: "same" }
  | { kind: "absent"; change: RecordChange }
  /** This deployment's, and it leads elsewhere: to a load balancer that it had before. */
  | { kind: "outdated"; shown: string[]; change: RecordChange }
  | { kind: "foreign"; shown: string[]; change: RecordChange };

const addressTypes = new Set<string>(["A", "AAAA", "CNAME"]);
const markSeconds = 300;

/** Route 53's records have no tags, so a TXT record beside the alias says whose it is, and what it led to. */
export function markName(domain: string): string {
  return `_hubctl.${domain}`;
}

export async function readDomainRecords(
  client: Route53Client,
  { id, name: zone }: Pick<HostedZone, "id" | "name">,
  domain: string,
): Promise<DomainRecords> {
  const inside = namesUp(domain).filter((name) => isWithin(name, zone) && name !== zone);
  const [own, marks, ...above] = await Promise.all(
    [domain, markName(domain), ...inside.filter((name) => name !== domain)].map((name) => recordsAt(client, id, name)),
  );
  const mark = marks?.find(({ Type }) => Type === "TXT");
  const handsOn = [...(domain === zone ? [] : (own ?? [])), ...above.flat()].find(({ Type }) => Type === "NS");
  return {
    addresses: (own ?? []).filter(({ Type }) => Type !== undefined && addressTypes.has(Type)),
    ...(mark && { mark }),
    ...(handsOn && { handedOn: handsOn }),
  };
}

/** Records come in the order of names, those of one name together; a name has far fewer than the 300 of a page. */
async function recordsAt(client: Route53Client, HostedZoneId: string, name: string): Promise<ResourceRecordSet[]> {
  const { ListResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
  const from = new ListResourceRecordSetsCommand({ HostedZoneId, StartRecordName: name });
  const { ResourceRecordSets: records = [] } = await client.send(from);
  return records.filter(({ Name = "" }) => plainName(Name) === name);
}

/** What becomes of the domain's record so that it leads to the target. */
export function judgeRecords(
  { addresses, mark }: DomainRecords,
  { domain, id, target }: { domain: string; id: string; target: AliasTarget },
): Verdict {
  const wanted = aliasRecords(domain, target);
  if (leadTo(addresses, target)) return { kind: "same" };
  const change = {
    remove: [...addresses, ...(mark ? [mark] : [])],
    create: [...wanted, markRecord(domain, { id, host: target.host })],
  };
  if (addresses.length === 0) return { kind: "absent", change };
  const shown = addresses.map(describeRecord);
  const ours = new Set([plainHost(target.host), ...markedHosts(mark, id)]);
  return { kind: addresses.every((record) => isAliasOf(record, ours)) ? "outdated" : "foreign", shown, change };
}

/** The records that are this deployment's: they lead to one of its load balancers, or to the one that the mark names. */
export function ownRecords(
  { addresses, mark }: DomainRecords,
  { id, hosts }: { id: string; hosts: readonly string[] },
): ResourceRecordSet[] {
  const ours = new Set([...hosts.map(plainHost), ...markedHosts(mark, id)]);
  const isMarked = mark !== undefined && readMark(mark)?.id === id;
  return [...addresses.filter((record) => isAliasOf(record, ours)), ...(isMarked ? [mark] : [])];
}

/** Makes a change wholly or not at all, and waits until all of Route 53's name servers have it. */
export async function changeRecords(
  client: Route53Client,
  zone: Pick<HostedZone, "id" | "name">,
  { remove, create }: RecordChange,
  { signal, comment }: { signal?: AbortSignal; comment: string },
): Promise<void> {
  const { ChangeResourceRecordSetsCommand, GetChangeCommand } = await import("@aws-sdk/client-route-53");
  // Route 53 refuses to delete what is not exactly so any more, and to create what is there: nothing is overwritten.
  const changes: Change[] = [
    ...remove.map((record) => ({ Action: "DELETE" as const, ResourceRecordSet: record })),
    ...create.map((record) => ({ Action: "CREATE" as const, ResourceRecordSet: record })),
  ];
  const batch = { HostedZoneId: zone.id, ChangeBatch: { Comment: comment, Changes: changes } };
  const { ChangeInfo } = await client.send(new ChangeResourceRecordSetsCommand(batch)).catch((error: unknown) => {
    throw asRefusedChange(error, zone) ?? error;
  });
  const Id = ChangeInfo?.Id;
  if (Id === undefined || ChangeInfo?.Status === "INSYNC") return;
  await pollUntil(
    async () => {
      const answer = await client.send(new GetChangeCommand({ Id }));
      return answer.ChangeInfo?.Status === "INSYNC" ? true : undefined;
    },
    {
      what: "Route 53's name servers to take the change",
      everySeconds: 2,
      timeoutSeconds: 300,
      ...(signal && { signal }),
    },
  );
}

function asRefusedChange(error: unknown, { id, name }: Pick<HostedZone, "id" | "name">): ToolError | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "InvalidChangeBatch") {
    return new ToolError("RecordsNotChanged", `Route 53 refused the change of the zone ${name} (${id})`, {
      output: error.message,
      hint: "if somebody else has changed the record meanwhile, run it again",
      cause: error,
    });
  }
  if (error.name !== "AccessDenied" && error.name !== "AccessDeniedException") return undefined;
  return new ToolError("ZoneNotOurs", `AWS does not let this login change the zone ${name} (${id})`, {
    output: error.message,
    hint: `ask for route53:ChangeResourceRecordSets on arn:aws:route53:::hostedzone/${id}, or for a role that has it: hostedZone.assumeRole`,
    cause: error,
  });
}

/** One line, as one would tell it: "CNAME hub.example.org → other.example.org". */
export function describeRecord({ Name = "", Type, ...record }: ResourceRecordSet): string {
  const { AliasTarget: alias, ResourceRecords: values = [], SetIdentifier: part } = record;
  const target = alias ? `alias of ${plainName(alias.DNSName ?? "")}` : values.map(({ Value }) => Value).join(", ");
  return `${Type ?? ""} ${plainName(Name)} → ${target}${part === undefined ? "" : ` (${part})`}`;
}

function aliasRecords(domain: string, { host, zoneId, isDualStack }: AliasTarget): ResourceRecordSet[] {
  const types = isDualStack ? (["A", "AAAA"] as const) : (["A"] as const);
  return types.map((Type) => ({
    Name: domain,
    Type,
    // With one record there is nowhere else to send anybody, so a look at the targets could only take the hub away.
    AliasTarget: { DNSName: host, HostedZoneId: zoneId, EvaluateTargetHealth: false },
  }));
}

/** Whether that is just what hubctl would make, or says the same by another name. */
function leadTo(addresses: readonly ResourceRecordSet[], target: AliasTarget): boolean {
  const host = new Set([plainHost(target.host)]);
  const isCname = addresses.length === 1 && addresses[0]?.Type === "CNAME";
  if (isCname)
    return addresses.every((record) => plainHost(record.ResourceRecords?.[0]?.Value ?? "") === plainHost(target.host));
  const types = addresses.map(({ Type }) => Type).sort();
  const wanted = target.isDualStack ? "A,AAAA" : "A";
  return types.join() === wanted && addresses.every((record) => isAliasOf(record, host));
}

/** One that is weighted or for some of the world only is somebody's own doing. */
function isAliasOf(
  { AliasTarget: alias, SetIdentifier: part }: ResourceRecordSet,
  hosts: ReadonlySet<string>,
): boolean {
  return part === undefined && alias?.DNSName !== undefined && hosts.has(plainHost(alias.DNSName));
}

function markRecord(domain: string, { id, host }: { id: string; host: string }): ResourceRecordSet {
  const Value = `"hubctl:id=${id} target=${plainHost(host)}"`;
  return { Name: markName(domain), Type: "TXT", TTL: markSeconds, ResourceRecords: [{ Value }] };
}

/** What a mark says: the deployment's id, and the load balancer that the domain was led to. */
export interface Mark {
  domain: string;
  id: string;
  host: string;
}

/** Undefined if the record is no mark. */
export function readMark({ Name = "", Type, ResourceRecords: values = [] }: ResourceRecordSet): Mark | undefined {
  const domain = /^_hubctl\.(.+)$/.exec(plainName(Name))?.[1];
  const [, id, host] = values.flatMap(({ Value = "" }) => /^"hubctl:id=(\S+) target=(\S+)"$/.exec(Value) ?? []);
  if (Type !== "TXT" || domain === undefined || id === undefined || host === undefined) return undefined;
  return { domain, id, host };
}

function markedHosts(mark: ResourceRecordSet | undefined, id: string): string[] {
  const marked = mark && readMark(mark);
  return marked?.id === id ? [marked.host] : [];
}

/** Route 53's console puts "dualstack." before the name of a load balancer. */
export function plainHost(name: string): string {
  return plainName(name).replace(/^dualstack\./, "");
}
