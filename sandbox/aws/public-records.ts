import type { MotoClient } from "./moto-client.ts";

interface Zone {
  id: string;
  name: string;
}

/** Zones that DNS leads nobody to, by id, in a sandbox's notes: a delegation that was broken on purpose. */
export const undelegatedZones = "undelegated-zones";

/** What the public DNS would say of the names in the account's zones. */
export class PublicRecords {
  readonly #moto: MotoClient;
  readonly #undelegated: ReadonlyMap<string, string>;

  constructor(moto: MotoClient, undelegated: ReadonlyMap<string, string>) {
    this.#moto = moto;
    this.#undelegated = undelegated;
  }

  /** Values of the record; names with a final dot, or without. */
  async lookUp(account: string, name: string, type: string): Promise<string[]> {
    const wanted = bare(name);
    const holding = (await this.#zones(account)).filter(
      ({ name: zone }) => wanted === zone || wanted.endsWith(`.${zone}`),
    );
    // A sub-zone hides what the zone above it says.
    const longest = Math.max(...holding.map(({ name: zone }) => zone.length));
    const zone = holding.find(({ id, name: own }) => own.length === longest && !this.#undelegated.has(id));
    if (!zone) return [];
    const query = new URLSearchParams({ name: `${wanted}.`, type, maxitems: "1" });
    const xml = await this.#get(account, `/2013-04-01/hostedzone/${zone.id}/rrset?${query.toString()}`);
    const [record = ""] = /<ResourceRecordSet>[\s\S]*?<\/ResourceRecordSet>/.exec(xml) ?? [];
    if (bare(text(record, "Name")) !== wanted || text(record, "Type") !== type) return [];
    return [...record.matchAll(/<Value>([^<]*)<\/Value>/g)].map(([, value = ""]) => unescapeXml(value));
  }

  async #zones(account: string): Promise<Zone[]> {
    const xml = await this.#get(account, "/2013-04-01/hostedzone");
    return [...xml.matchAll(/<HostedZone>[\s\S]*?<\/HostedZone>/g)]
      .map(([zone]) => zone)
      .filter((zone) => text(zone, "PrivateZone") !== "true")
      .map((zone) => ({ id: text(zone, "Id").replace("/hostedzone/", ""), name: bare(text(zone, "Name")) }));
  }

  async #get(account: string, url: string): Promise<string> {
    const scope = "AKIAIOSFODNN7EXAMPLE/20261101/us-east-1/route53/aws4_request";
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
    const { body } = await this.#moto.send({ method: "GET", url, headers: { authorization }, body: "", account });
    return body.toString();
  }
}

export function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function text(xml: string, element: string): string {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1] ?? "";
}

function unescapeXml(value: string): string {
  return value.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
