import {
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type ResourceRecordSet,
} from "@aws-sdk/client-route-53";
import type { Balancers } from "./balancers.ts";
import { codes, type Answer, type RecordType } from "./message.ts";

interface Zone {
  id: string;
  name: string;
  records: ResourceRecordSet[];
}

export interface Resolution {
  code: number;
  answers: Answer[];
}

const secondsFresh = 1;
const aliasSeconds = 60;
const longestChain = 8;

/** What public DNS says of the zones of the simulated Route 53, and of load balancers. */
export class Zones {
  readonly #client: Route53Client;
  readonly #balancers: Balancers;
  readonly #undelegated: ReadonlyMap<string, string>;
  #asked: { at: number; found: Promise<Zone[]> } | undefined;

  constructor(
    place: ConstructorParameters<typeof Balancers>[0],
    balancers: Balancers,
    undelegated: ReadonlyMap<string, string>,
  ) {
    this.#client = new Route53Client(place);
    this.#balancers = balancers;
    this.#undelegated = undelegated;
  }

  async resolve(name: string, type: RecordType, chain = 0): Promise<Resolution> {
    const balancer = await this.#balancers.byHost(name);
    if (balancer) {
      const addresses = type === "A" ? balancer.addresses : [];
      return { code: codes.noError, answers: addresses.map((value) => ({ name, type, ttl: aliasSeconds, value })) };
    }
    const zone = await this.#zoneOf(name);
    if (zone === undefined) return { code: codes.noSuchName, answers: [] };
    const records = recordsAt(zone, name);
    if (records === undefined) return { code: codes.noSuchName, answers: [] };
    const isHandedOn = name !== zone.name && records.some(({ Type }) => Type === "NS");
    // Its name servers are not of this world.
    if (isHandedOn && type !== "NS") return { code: codes.serverFailure, answers: [] };
    const record = records.find((each) => each.Type === type) ?? records.find(({ Type }) => Type === "CNAME");
    if (record === undefined) return { code: codes.noError, answers: [] };
    if (record.AliasTarget) return await this.#resolveAlias(name, type, record.AliasTarget.DNSName ?? "", chain);
    const found = (record.ResourceRecords ?? []).map(({ Value = "" }) => ({
      name,
      type: record.Type as RecordType,
      ttl: record.TTL ?? aliasSeconds,
      value: Value,
    }));
    if (record.Type === type || chain >= longestChain) return { code: codes.noError, answers: found };
    const next = await this.resolve(bare(found[0]?.value ?? ""), type, chain + 1);
    return { code: codes.noError, answers: [...found, ...next.answers] };
  }

  close(): void {
    this.#client.destroy();
  }

  /** An alias has the answers of its target; of a target that is gone it has none. */
  async #resolveAlias(name: string, type: RecordType, target: string, chain: number): Promise<Resolution> {
    if (chain >= longestChain) return { code: codes.serverFailure, answers: [] };
    const { answers } = await this.resolve(bare(target), type, chain + 1);
    const own = answers.filter((answer) => answer.type === type);
    return { code: codes.noError, answers: own.map((answer) => ({ ...answer, name, ttl: aliasSeconds })) };
  }

  /** A sub-zone hides what the zone above it says, delegated or not. */
  async #zoneOf(name: string): Promise<Zone | undefined> {
    const holding = (await this.#list()).filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`));
    const open = holding.filter(({ id }) => !this.#undelegated.has(id));
    return open.sort((a, b) => b.name.length - a.name.length)[0];
  }

  #list(): Promise<Zone[]> {
    if (!this.#asked || Date.now() - this.#asked.at > secondsFresh * 1000) {
      this.#asked = { at: Date.now(), found: this.#read() };
      this.#asked.found.catch(() => (this.#asked = undefined));
    }
    return this.#asked.found;
  }

  async #read(): Promise<Zone[]> {
    const { HostedZones = [] } = await this.#client.send(new ListHostedZonesCommand({}));
    const open = HostedZones.filter(({ Config }) => Config?.PrivateZone !== true);
    return await Promise.all(
      open.map(async ({ Id: HostedZoneId = "", Name = "" }) => {
        const { ResourceRecordSets: records = [] } = await this.#client.send(
          new ListResourceRecordSetsCommand({ HostedZoneId }),
        );
        return { id: HostedZoneId.replace("/hostedzone/", ""), name: bare(Name), records };
      }),
    );
  }
}

/** Of the name itself, else of the wildcard that covers it; undefined if there is no such name. */
function recordsAt({ name: zone, records }: Zone, name: string): ResourceRecordSet[] | undefined {
  const at = (wanted: string) => records.filter(({ Name = "" }) => bare(Name) === wanted);
  const own = at(name);
  if (own.length > 0) return own;
  if (records.some(({ Name = "" }) => bare(Name).endsWith(`.${name}`))) return [];
  const labels = name.slice(0, -zone.length - 1).split(".");
  for (let depth = 1; depth <= labels.length; depth += 1) {
    const covering = at(["*", ...labels.slice(depth), zone].join("."));
    if (covering.length > 0) return covering;
  }
  return undefined;
}

function bare(name: string): string {
  return name
    .replaceAll(/\\([0-7]{3})/g, (_escape, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    .toLowerCase()
    .replace(/\.$/, "");
}
