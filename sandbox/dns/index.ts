import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Front } from "../aws/front.ts";
import type { Notes } from "../aws/notes.ts";
import { undelegatedZones } from "../aws/public-records.ts";
import { createAuthority, loadAuthority, type CertifiedKey } from "../kube/certificates.ts";
import type { KubeClient } from "../kube/client.ts";
import { findLastingPort } from "../ports.ts";
import { Balancers } from "./balancers.ts";
import { startHttpsFront } from "./https-front.ts";
import { startDnsServer } from "./server.ts";
import { Zones } from "./zones.ts";

/** How the world outside finds the simulated load balancers. */
export interface PublicSide {
  /** "127.0.0.1:PORT" of the DNS server. */
  dns: string;
  /** "http://127.0.0.1:PORT" of the proxy to the load balancers. */
  proxy: string;
  /** PEM file of the authority that signs what ACM issues. */
  authority: string;
  keep(): KeptPublicSide;
  stop(): Promise<void>;
}

export interface KeptPublicSide {
  dnsPort: number;
  proxyPort: number;
  authority: CertifiedKey;
}

export interface PublicSideOptions {
  dir: string;
  front: Pick<Front, "url" | "internal">;
  region: string;
  notes: Notes;
  clusters: () => KubeClient[];
  kept?: KeptPublicSide | undefined;
  log: (line: string) => void;
}

const authorityName = "Sandbox Public CA";

export async function startPublicSide(options: PublicSideOptions): Promise<PublicSide> {
  const { dir, front, region, notes, clusters, kept, log } = options;
  const place = { endpoint: front.url, region, credentials: front.internal };
  const authority = kept ? loadAuthority(kept.authority, authorityName) : createAuthority(authorityName);
  const file = join(dir, "public-ca.pem");
  writeFileSync(file, authority.certificate);
  const balancers = new Balancers(place, notes.map("load-balancer-addresses"));
  const zones = new Zones(place, balancers, notes.map(undelegatedZones));
  const dnsPort = kept?.dnsPort ?? (await findLastingPort());
  const proxyPort = kept?.proxyPort ?? (await findLastingPort());
  const server = await startDnsServer(zones, dnsPort, log);
  const https = await startHttpsFront({ port: proxyPort, place, balancers, zones, authority, clusters, log });
  return {
    dns: `127.0.0.1:${dnsPort}`,
    proxy: `http://127.0.0.1:${proxyPort}`,
    authority: file,
    keep: () => ({ dnsPort, proxyPort, authority: { certificate: authority.certificate, key: authority.key } }),
    stop: async () => {
      await Promise.all([server.stop(), https.stop()]);
      zones.close();
      balancers.close();
    },
  };
}
