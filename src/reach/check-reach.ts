import type { Socket } from "node:net";
import type { PublicDns } from "../dns/ask.ts";
import { checkDns, type DnsQuestion } from "./check-dns.ts";
import { checkHub } from "./check-hub.ts";
import { checkTls } from "./check-tls.ts";
import type { ReachCheck } from "./layer.ts";
import { openSocket, proxyFor, type Route } from "./tunnel.ts";

export interface ReachOptions extends DnsQuestion {
  dns: PublicDns;
  /** A load balancer with private addresses only. */
  isInternal: boolean;
  env?: NodeJS.ProcessEnv;
  now?: Date;
  signal?: AbortSignal;
}

/** Goes the way of a browser: DNS, TLS, the hub. Ends at the first layer that is not well, which is the one at fault. */
export async function checkReach(options: ReachOptions): Promise<ReachCheck[]> {
  const { dns, domain, deployment, env = process.env, now = new Date(), signal } = options;
  const { addresses, ...resolved } = await checkDns(dns, options);
  const [address] = addresses;
  if (resolved.state !== "ok" || address === undefined) return [resolved];
  const proxy = proxyFor(domain, env);
  const route: Route = proxy ? { via: "proxy", proxy } : { via: "address", address };
  const socket = await connectOrTell(route, options, signal);
  if ("layer" in socket) return [resolved, socket];
  const handshake = await checkTls(socket, { domain, now, deployment });
  if (!handshake.socket) {
    socket.destroy();
    return [resolved, handshake.check];
  }
  return [resolved, handshake.check, await checkHub(handshake.socket, domain)];
}

async function connectOrTell(
  route: Route,
  { domain, isInternal }: ReachOptions,
  signal: AbortSignal | undefined,
): Promise<Socket | ReachCheck> {
  try {
    return await openSocket(domain, route, signal);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const fault =
      route.via === "proxy"
        ? {
            layer: "proxy" as const,
            text: `the proxy ${route.proxy.host} does not lead to ${domain}: ${why}`,
            todo: `ask those who run it, or lead past it: NO_PROXY=${domain}`,
          }
        : {
            layer: "connection" as const,
            text: `nothing answers at ${route.address}, port 443: ${why}`,
            todo: "see network.allowFrom, and hubctl status for the load balancer",
          };
    // From here it may just be out of reach, which says nothing about those for whom it is meant.
    if (isInternal) {
      const past = route.via === "proxy" ? `, and past the proxy: NO_PROXY=${domain}` : "";
      return { ...fault, state: "unknown", todo: `the load balancer is internal: look from the VPN${past}` };
    }
    return { ...fault, state: "problem" };
  }
}

/** The layer at fault, if there is one. */
export function faultOf(checks: readonly ReachCheck[]): ReachCheck | undefined {
  return checks.find(({ state }) => state === "problem" || state === "unknown");
}
