import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { ToolError, UserError } from "../errors.ts";
import { plainName } from "./names.ts";

export type CaaRecord = Awaited<ReturnType<Resolver["resolveCaa"]>>[number];

/** Asks DNS. What does not exist is an empty answer; ToolError DnsUnanswered when there is no answer at all. */
export interface Dns {
  /** Of this machine, a server that was named, or the name servers of a zone: for messages. */
  readonly who: string;
  addresses(name: string, family?: 4 | 6): Promise<string[]>;
  nameServers(name: string): Promise<string[]>;
  cname(name: string): Promise<string[]>;
  caa(name: string): Promise<CaaRecord[]>;
}

export interface PublicDns extends Dns {
  /** Asks these name servers themselves, whose answers no cache delays. */
  at(nameServers: readonly string[]): Promise<Dns[]>;
}

interface DnsOptions {
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

const patience = { timeout: 3_000, tries: 2 };

/** What names mean to this machine, or to the server that HUBCTL_DNS_SERVER names, which is then asked everything. */
export function openDns({ env = process.env, signal }: DnsOptions = {}): PublicDns {
  const server = env["HUBCTL_DNS_SERVER"] || undefined;
  if (server !== undefined) refuseUnusable(server);
  const own = dnsOf(server ?? "this machine's resolver", server === undefined ? [] : [server], signal);
  return {
    ...own,
    async at(nameServers) {
      if (server !== undefined) return [own];
      const found = await Promise.all(
        nameServers.map(async (name) => {
          // One of four is enough; that none could be found is told by the empty list.
          const [address] = await own.addresses(name).catch(() => []);
          return address === undefined ? [] : [dnsOf(plainName(name), [address], signal)];
        }),
      );
      return found.flat();
    },
  };
}

function refuseUnusable(server: string): void {
  const host = /^\[(.+)\](?::\d+)?$/.exec(server)?.[1] ?? server.replace(/^([\d.]+):\d+$/, "$1");
  if (isIP(host) !== 0) return;
  throw new UserError("DnsServerUnusable", `HUBCTL_DNS_SERVER is "${server}", not the address of a DNS server`, {
    hint: "set it to an address, with a port if it is not 53: HUBCTL_DNS_SERVER=10.0.0.2 or 10.0.0.2:5353",
  });
}

function dnsOf(who: string, servers: readonly string[], signal: AbortSignal | undefined): Dns {
  const resolver = new Resolver(patience);
  if (servers.length > 0) resolver.setServers(servers);
  signal?.addEventListener("abort", () => resolver.cancel(), { once: true });
  const ask = async <Answer>(name: string, question: (name: string) => Promise<Answer[]>): Promise<Answer[]> => {
    try {
      return await question(name);
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      if (code === "ENOTFOUND" || code === "ENODATA") return [];
      throw new DnsUnanswered(who, name, code, error);
    }
  };
  return {
    who,
    addresses: (name, family = 4) =>
      ask(name, (asked) => (family === 4 ? resolver.resolve4(asked) : resolver.resolve6(asked))),
    nameServers: (name) => ask(name, (asked) => resolver.resolveNs(asked)),
    cname: (name) => ask(name, (asked) => resolver.resolveCname(asked)),
    caa: (name) => ask(name, (asked) => resolver.resolveCaa(asked)),
  };
}

const reasons: Record<string, string> = {
  ESERVFAIL: "it could not find out (SERVFAIL)",
  EREFUSED: "it refuses to (REFUSED)",
  ETIMEOUT: "it gives no answer",
  ECONNREFUSED: "nothing listens there",
  ECANCELLED: "there was no time left",
};

/** Nothing is known of the name: whoever was asked did not say that it does not exist. */
export class DnsUnanswered extends ToolError {
  /** As c-ares names it: "ESERVFAIL". */
  readonly reason: string;

  constructor(who: string, name: string, reason: string, cause: unknown) {
    super("DnsUnanswered", `${who} does not tell what ${name} is: ${reasons[reason] ?? reason}`, {
      cause,
      hint: "check the network; where only one DNS server may be asked, name it: HUBCTL_DNS_SERVER=ADDRESS:PORT",
    });
    this.reason = reason;
  }
}
