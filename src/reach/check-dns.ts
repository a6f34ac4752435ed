import { DnsUnanswered, type Dns, type PublicDns } from "../dns/ask.ts";
import type { ReachCheck } from "./layer.ts";

export interface DnsQuestion {
  domain: string;
  /** The load balancer's own name. */
  host: string;
  /** Of the zone that holds the record; none where they are not known. */
  nameServers?: readonly string[];
  deployment: string;
}

/** Whether the domain leads to the load balancer: by its zone's own name servers where they can be asked. */
export async function checkDns(dns: PublicDns, question: DnsQuestion): Promise<ReachCheck & { addresses: string[] }> {
  try {
    return await compareAddresses(dns, question);
  } catch (error) {
    if (!(error instanceof DnsUnanswered)) throw error;
    const todo = error.hint ?? "check the network";
    return { layer: "dns", state: "unknown", text: error.message, todo, addresses: [] };
  }
}

async function compareAddresses(
  dns: PublicDns,
  { domain, host, nameServers = [], deployment }: DnsQuestion,
): Promise<ReachCheck & { addresses: string[] }> {
  const [wanted, servers] = await Promise.all([dns.addresses(host), dns.at(nameServers)]);
  const details = { loadBalancer: host, addresses: wanted };
  const problem = (text: string, todo: string) => ({
    layer: "dns" as const,
    state: "problem" as const,
    text,
    todo,
    details,
    addresses: wanted,
  });
  if (wanted.length === 0) {
    return problem(`the load balancer's name ${host} has no address yet`, "wait a minute, then look again");
  }
  const answers = await askAll(servers, domain);
  const mine = answers.length === 0 ? [{ who: dns.who, found: await dns.addresses(domain) }] : answers;
  const wrong = mine.find(({ found }) => !leadsTo(found, wanted));
  if (wrong) {
    const route = `hubctl route-dns --deployment ${deployment}`;
    const { who, found } = wrong;
    return found.length === 0
      ? problem(`${domain} has no address, says ${who}`, route)
      : problem(`${domain} leads to ${found.join(", ")}, not to the load balancer (${wanted.join(", ")})`, route);
  }
  if (answers.length > 0) {
    // The zone is right; what lies between it and this machine may still be of yesterday, or lead past it.
    const here = await dns.addresses(domain);
    if (!leadsTo(here, wanted)) {
      const shown = here.length === 0 ? "no address" : here.join(", ");
      const text = `the zone's own name servers are right about ${domain}, but ${dns.who} says: ${shown}`;
      return problem(
        text,
        "wait a few minutes; if it stays, see whether DNS leads to the zone: hubctl route-dns --dry-run",
      );
    }
  }
  const text = `${domain} leads to the load balancer (${wanted.join(", ")})`;
  return { layer: "dns", state: "ok", text, details, addresses: wanted };
}

/** Of all that answer; those that can't be reached are told by their being fewer. */
async function askAll(servers: readonly Dns[], domain: string): Promise<{ who: string; found: string[] }[]> {
  const asked = await Promise.all(
    servers.map(async (server) => {
      try {
        return [{ who: server.who, found: await server.addresses(domain) }];
      } catch (error) {
        // Networks may let nobody out but to their own resolver.
        if (error instanceof DnsUnanswered) return [];
        throw error;
      }
    }),
  );
  return asked.flat();
}

/** A load balancer may answer with fewer addresses at one time than at another, but never with others. */
function leadsTo(found: readonly string[], wanted: readonly string[]): boolean {
  return found.some((address) => wanted.includes(address));
}
