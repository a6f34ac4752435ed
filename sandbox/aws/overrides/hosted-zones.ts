import { createHash } from "node:crypto";
import { errorAnswer } from "../answers.ts";
import { undelegatedZones } from "../public-records.ts";
import type { Override, ReceivedRequest } from "../received.ts";
import type { AwsResponse } from "../types.ts";
import type { OverrideContext } from "./context.ts";

/** A zone with this tag is one that DNS leads nobody to: a delegation that is broken on purpose. */
const undelegatedTag = "sandbox:undelegated";

/** What moto gives to every zone. */
const sameForAll = /ns-20(48|49|50|51)\.awsdns-(64|65|66|67)\.(com|net|org|co\.uk)/g;

/**
 * moto gives all zones the same name servers, and takes changes that Route 53 refuses: to create what is there, and a
 * CNAME beside other records. https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
export function correctHostedZones({ moto, notes }: OverrideContext): Override {
  const undelegated = notes.map(undelegatedZones);

  return async (request) => {
    if (request.service !== "route53") return undefined;
    const tagged = /^\/2013-04-01\/tags\/hostedzone\/([^/]+)$/.exec(request.path)?.[1];
    if (tagged !== undefined && request.method === "POST") noteDelegation(tagged, request.body.toString());
    const changed = /^\/2013-04-01\/hostedzone\/([^/]+)\/rrset\/?$/.exec(request.path)?.[1];
    if (changed !== undefined && request.method === "POST") return await changeRecords(request, changed);
    const response = await moto.forward(request);
    // Not answered here, so that the front says what it says of everything unknown.
    if (response.status >= 500) return undefined;
    return withOwnServers(request, response);
  };

  function noteDelegation(zone: string, body: string): void {
    if (body.includes(`<RemoveTagKeys><Key>${undelegatedTag}</Key>`)) undelegated.delete(zone);
    if (body.includes(`<Key>${undelegatedTag}</Key><Value>`)) undelegated.set(zone, "");
  }

  async function changeRecords(request: ReceivedRequest, zone: string): Promise<AwsResponse | undefined> {
    const body = request.body.toString();
    const present = await recordsOf(request, zone);
    for (const [change] of body.matchAll(/<Change>[\s\S]*?<\/Change>/g)) {
      const refused = judge(textOf(change, "Action"), recordIn(change), present);
      if (refused !== undefined) return errorAnswer(request, 400, "InvalidChangeBatch", `[${refused}]`);
    }
    // What is created was compared above; moto compares it with all that there ever was.
    const forwarded = body.replaceAll("<Action>CREATE</Action>", "<Action>UPSERT</Action>");
    const response = await moto.forward(request, forwarded);
    return response.status >= 500 ? undefined : response;
  }

  async function recordsOf(request: ReceivedRequest, zone: string): Promise<Map<string, string>> {
    const { authorization = "" } = request.headers;
    const url = `/2013-04-01/hostedzone/${zone}/rrset`;
    const { account } = request.caller;
    const { body } = await moto.send({ method: "GET", url, headers: { authorization }, body: "", account });
    const found = body.toString().matchAll(/<ResourceRecordSet>[\s\S]*?<\/ResourceRecordSet>/g);
    return new Map([...found].map(([record]) => [keyOf(recordIn(record)), record]));
  }
}

interface Described {
  name: string;
  type: string;
  part: string;
}

/** What Route 53 says against a change; notes in `present` what holds after it. */
function judge(action: string, record: Described, present: Map<string, string>): string | undefined {
  const { name, type } = record;
  const key = keyOf(record);
  if (action === "DELETE") {
    if (!present.delete(key)) {
      return `Tried to delete resource record set [name='${name}.', type='${type}'] but it was not found`;
    }
    return undefined;
  }
  if (action === "CREATE" && present.has(key)) {
    return `Tried to create resource record set [name='${name}.', type='${type}'] but it already exists`;
  }
  const others = [...present.keys()].filter((other) => other.startsWith(`${name} `) && other !== key);
  if (others.some((other) => (other.split(" ")[1] === "CNAME") !== (type === "CNAME"))) {
    return `RRSet of type ${type} with DNS name ${name}. is not permitted as it conflicts with other records with the same DNS name`;
  }
  present.set(key, "");
  return undefined;
}

function keyOf({ name, type, part }: Described): string {
  return [name, type, part].join(" ");
}

function recordIn(xml: string): Described {
  const name = textOf(xml, "Name").toLowerCase().replace(/\.$/, "");
  return { name, type: textOf(xml, "Type"), part: textOf(xml, "SetIdentifier") };
}

function textOf(xml: string, element: string): string {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1] ?? "";
}

/** Four name servers that follow from the zone's id. */
function withOwnServers(request: ReceivedRequest, response: AwsResponse): AwsResponse {
  const text = response.body.toString();
  const inPath = /^\/2013-04-01\/hostedzone\/([^/]+)/.exec(request.path)?.[1];
  const id = inPath ?? /<Id>\/hostedzone\/([^<]*)</.exec(text)?.[1];
  if (id === undefined || !/awsdns/.test(text)) return response;
  const number = createHash("md5").update(id).digest().readUInt16BE(0) % 512;
  const body = text.replaceAll(sameForAll, (_all, _host: string, _set: string, ending: string) => {
    const place = ["com", "net", "org", "co.uk"].indexOf(ending);
    return `ns-${place * 512 + number}.awsdns-${String(number % 64).padStart(2, "0")}.${ending}`;
  });
  return { ...response, body };
}
