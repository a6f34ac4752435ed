import type { Route53Client } from "@aws-sdk/client-route-53";
import { DnsUnanswered, type PublicDns } from "../dns/ask.ts";
import { isWithin, plainName } from "../dns/names.ts";
import { UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import { createRoute53 } from "./clients.ts";
import type { Login } from "./login.ts";

export interface HostedZone {
  /** "Z0123456789ABCDEFGHIJ", without "/hostedzone/". */
  id: string;
  name: string;
  isPrivate: boolean;
}

/** What the configuration says: neither id nor name is "whichever holds the domain". */
export interface ZoneSetting {
  id?: string;
  name?: string;
  /** ARN of the role that may change the zone, where it is another account's. */
  assumeRole?: string;
}

/** Where DNS leads whoever asks for a zone: to its own name servers, to others (or nowhere), or who knows. */
export type Delegation =
  { state: "delegated" } | { state: "elsewhere"; leadsTo: readonly string[] } | { state: "unknown"; why: string };

export interface KnownZone extends HostedZone {
  /** The zone's own ones, wherever DNS leads; none of a private zone. */
  nameServers: readonly string[];
  delegation: Delegation;
}

export type ZoneChoice =
  | { zone: KnownZone; remarks: string[] }
  /** No zone of this account is where the domain is looked up. */
  | { none: string; todo: string };

/** Route 53 as whoever may change the zone. */
export function openRoute53(aws: AwsClients, login: Login, { assumeRole }: ZoneSetting = {}): Promise<Route53Client> {
  return assumeRole === undefined ? aws.rare.route53() : createRoute53(aws.region, login, assumeRole);
}

/** The hosted zone for a domain. UserError if the configuration names one that can't be it, or must name one. */
export async function findHostedZone(
  client: Route53Client,
  dns: Pick<PublicDns, "nameServers">,
  { domain, setting = {} }: { domain: string; setting?: ZoneSetting | undefined },
): Promise<ZoneChoice> {
  const wanted = await listZonesHolding(client, domain, setting);
  return chooseZone(domain, await Promise.all(wanted.map((zone) => learnDelegation(client, dns, zone))), setting);
}

/** As `zonesHolding`, of those that Route 53 has. */
export async function listZonesHolding(
  client: Route53Client,
  domain: string,
  setting: ZoneSetting = {},
): Promise<HostedZone[]> {
  const zones = setting.id === undefined ? await listZones(client) : await readZone(client, setting.id);
  return zonesHolding(plainName(domain), zones, setting);
}

/** The zones that could hold a domain's record, the longest name first. UserError if the one that is named can't. */
export function zonesHolding(
  domain: string,
  zones: readonly HostedZone[],
  { id, name }: ZoneSetting = {},
): HostedZone[] {
  if (id === undefined && name === undefined) {
    return zones.filter((zone) => isWithin(domain, zone.name)).sort((a, b) => b.name.length - a.name.length);
  }
  const called = name === undefined ? undefined : plainName(name);
  const named = called === undefined ? zones : zones.filter((zone) => zone.name === called);
  const what = id ?? called ?? "";
  const [first] = named;
  if (first === undefined) {
    throw new UserError("HostedZoneNotFound", `hostedZone: Route 53 has no zone ${what} in this account`, {
      hint: "aws route53 list-hosted-zones shows those there are; for one of another account add hostedZone.assumeRole",
    });
  }
  if (!isWithin(domain, first.name)) {
    throw new UserError("HostedZoneUnfit", `hostedZone: ${domain} does not belong into the zone ${first.name}`, {
      hint: `name the zone that holds ${domain}, or leave hostedZone out`,
    });
  }
  return [...named];
}

/** The longest public zone that DNS really leads to, unless the configuration names one. */
export function chooseZone(domain: string, zones: readonly KnownZone[], setting: ZoneSetting = {}): ZoneChoice {
  const [first] = zones;
  if (setting.id !== undefined && first !== undefined) return { zone: first, remarks: remarksOn(first) };
  const open = zones.filter(({ isPrivate }) => !isPrivate);
  if (open.length === 0) return onlyPrivate(domain, zones);
  const remarks: string[] = [];
  for (const name of new Set(open.map((zone) => zone.name))) {
    const twins = open.filter((zone) => zone.name === name);
    const delegated = twins.find(({ delegation }) => delegation.state === "delegated");
    if (delegated) return { zone: delegated, remarks };
    // The configuration's word is enough, and so is a single zone of which nothing bad is known.
    const possible = setting.name === undefined ? twins.filter(isUnknown) : twins;
    if (possible.length > 1) throw severalZones(name, possible);
    const [only] = possible;
    if (only) return { zone: only, remarks: [...remarks, ...remarksOn(only)] };
    remarks.push(...twins.flatMap(remarksOn));
  }
  const [best] = open as [KnownZone];
  return {
    none: remarks.join("; "),
    todo:
      `at the registrar of ${best.name}, or in the zone above it, make these its name servers: ` +
      `${best.nameServers.join(", ")}. To use the zone as it is, name it: hostedZone: ${best.id}`,
  };
}

function isUnknown({ delegation }: KnownZone): boolean {
  return delegation.state === "unknown";
}

function remarksOn({ id, name, isPrivate, delegation }: KnownZone): string[] {
  if (isPrivate) return [`the zone ${name} (${id}) is private: only its VPCs find the hub by it`];
  switch (delegation.state) {
    case "delegated":
      return [];
    case "unknown":
      return [`whether DNS leads to the zone ${name} (${id}) is not known: ${delegation.why}`];
    case "elsewhere": {
      const { leadsTo } = delegation;
      const where = leadsTo.length === 0 ? "leads nowhere" : `leads to ${leadsTo.join(", ")}`;
      return [`the zone ${name} (${id}) is not delegated: DNS ${where}`];
    }
  }
}

function onlyPrivate(domain: string, zones: readonly HostedZone[]): ZoneChoice {
  const [zone] = zones;
  if (zone === undefined) {
    return {
      none: `Route 53 has no zone for ${domain} in this account`,
      todo: `make the record where the zone of ${domain} is kept; if that is Route 53 in another account: hostedZone.assumeRole`,
    };
  }
  return {
    none: `Route 53 has only private zones for ${domain}: ${zones.map(({ id, name }) => `${name} (${id})`).join(", ")}`,
    todo: `if the hub is only for those in the zone's VPCs, name it: hostedZone: ${zone.id}`,
  };
}

function severalZones(name: string, zones: readonly HostedZone[]): UserError {
  const ids = zones.map(({ id }) => id);
  return new UserError("SeveralHostedZones", `Route 53 has several public zones ${name}: ${ids.join(", ")}`, {
    hint: `name the one whose name servers your registrar has (aws route53 get-hosted-zone --id ID): hostedZone: ${ids[0] ?? "ID"}`,
  });
}

async function listZones(client: Route53Client): Promise<HostedZone[]> {
  const { paginateListHostedZones } = await import("@aws-sdk/client-route-53");
  const zones: HostedZone[] = [];
  for await (const { HostedZones = [] } of paginateListHostedZones({ client }, {})) {
    zones.push(...HostedZones.flatMap(asZone));
  }
  return zones;
}

async function readZone(client: Route53Client, id: string): Promise<HostedZone[]> {
  const { GetHostedZoneCommand } = await import("@aws-sdk/client-route-53");
  try {
    const { HostedZone: zone } = await client.send(new GetHostedZoneCommand({ Id: plainId(id) }));
    return zone ? asZone(zone) : [];
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchHostedZone") return [];
    throw error;
  }
}

interface Sdk {
  Id?: string | undefined;
  Name?: string | undefined;
  Config?: { PrivateZone?: boolean | undefined } | undefined;
}

function asZone({ Id, Name, Config }: Sdk): HostedZone[] {
  if (Id === undefined || Name === undefined) return [];
  return [{ id: plainId(Id), name: plainName(Name), isPrivate: Config?.PrivateZone === true }];
}

function plainId(id: string): string {
  return id.replace(/^\/?hostedzone\//, "");
}

/** A resolver follows the delegation from the root, so what it is led to is what everybody is led to. */
async function learnDelegation(
  client: Route53Client,
  dns: Pick<PublicDns, "nameServers">,
  zone: HostedZone,
): Promise<KnownZone> {
  if (zone.isPrivate) return { ...zone, nameServers: [], delegation: { state: "unknown", why: "it is private" } };
  const { GetHostedZoneCommand } = await import("@aws-sdk/client-route-53");
  const { DelegationSet } = await client.send(new GetHostedZoneCommand({ Id: zone.id }));
  const nameServers = (DelegationSet?.NameServers ?? []).map(plainName);
  return { ...zone, nameServers, delegation: await askDelegation(dns, zone.name, nameServers) };
}

async function askDelegation(
  dns: Pick<PublicDns, "nameServers">,
  name: string,
  own: readonly string[],
): Promise<Delegation> {
  try {
    const leadsTo = (await dns.nameServers(name)).map(plainName).sort();
    return leadsTo.some((server) => own.includes(server)) ? { state: "delegated" } : { state: "elsewhere", leadsTo };
  } catch (error) {
    if (!(error instanceof DnsUnanswered)) throw error;
    return { state: "unknown", why: error.message };
  }
}
