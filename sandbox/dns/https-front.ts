import { ACMClient, DescribeCertificateCommand } from "@aws-sdk/client-acm";
import { createServer, type IncomingMessage } from "node:http";
import { connect, isIP, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket, type SecureContext } from "node:tls";
import type { CertificateAuthority } from "../kube/certificates.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Balancer, Balancers } from "./balancers.ts";
import { answerAsProxy, findBackend, ownCertificate, type Backend } from "./hub.ts";
import type { Zones } from "./zones.ts";

export interface HttpsFrontOptions {
  port: number;
  place: ConstructorParameters<typeof Balancers>[0];
  balancers: Balancers;
  zones: Pick<Zones, "resolve">;
  authority: CertificateAuthority;
  /** API servers of the clusters that run. */
  clusters: () => KubeClient[];
  log: (line: string) => void;
}

/**
 * An HTTP proxy (CONNECT) that leads to the simulated load balancers, whose addresses this machine does not have, and
 * anywhere else as it stands. TLS is ended as the load balancer's listener says.
 */
export async function startHttpsFront(options: HttpsFrontOptions): Promise<{ stop(): Promise<void> }> {
  const { port, place, authority, log } = options;
  const acm = new ACMClient(place);
  const contexts = new Map<string, SecureContext>();
  const backends = new WeakMap<Duplex, Backend>();
  const sockets = new Set<Duplex>();

  const hub = createServer((request, response) => {
    const backend = backends.get(request.socket);
    if (backend === undefined) return void response.destroy();
    answerAsProxy(backend, request, response).catch((error: unknown) => {
      log(`https: ${String(error)}`);
      response.destroy();
    });
  });

  const contextOf = async (arn: string): Promise<SecureContext> => {
    const { Certificate: found } = await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }));
    const { DomainName = "", SubjectAlternativeNames: hosts = [DomainName], NotAfter } = found ?? {};
    const id = [arn, NotAfter?.toISOString(), ...hosts].join(" ");
    const known = contexts.get(id);
    if (known) return known;
    const issued = authority.issue({ commonName: DomainName, hosts, ...(NotAfter && { until: NotAfter }) });
    const context = createSecureContext({ key: issued.key, cert: issued.certificate });
    contexts.set(id, context);
    return context;
  };

  /** What a connection to the load balancer's port meets; undefined: nobody takes it. */
  const openBalancer = async (balancer: Balancer, to: number) => {
    const listener = await options.balancers.listener(balancer, to);
    const backend = listener && (await findBackend(options.clusters(), balancer.host));
    // Without a target that is well, a network load balancer resets the connection.
    if (!backend || backend.pods.length === 0) return undefined;
    const [certificate] = listener.Certificates ?? [];
    if (listener.Protocol === "TLS" && certificate?.CertificateArn !== undefined) {
      return { backend, context: await contextOf(certificate.CertificateArn) };
    }
    const own = await ownCertificate(backend);
    return own && { backend, context: createSecureContext(own) };
  };

  const lead = async (request: IncomingMessage, client: Duplex): Promise<void> => {
    const [, host = "", to = "443"] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(request.url ?? "") ?? [];
    const name = host.toLowerCase();
    const [address] = isIP(name) ? [name] : (await options.zones.resolve(name, "A")).answers.flatMap(addressIn);
    const balancer = address === undefined ? undefined : await options.balancers.byAddress(address);
    if (!balancer) {
      passOn(name, Number(to), client, sockets);
      return;
    }
    if (balancer.isInternal) {
      refuse(client, "504 Gateway Timeout");
      return;
    }
    const door = await openBalancer(balancer, Number(to));
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (!door) return void client.destroy();
    if (!(client instanceof Socket)) throw new Error("not a connection of this machine");
    const secure = new TLSSocket(client, { isServer: true, secureContext: door.context });
    secure.on("error", () => secure.destroy());
    backends.set(secure, door.backend);
    hub.emit("connection", secure);
  };

  const proxy = createServer((_request, response) => response.writeHead(405).end());
  proxy.on("connect", (request, client: Duplex) => {
    sockets.add(client);
    client.on("error", () => client.destroy()).on("close", () => sockets.delete(client));
    lead(request, client).catch((error: unknown) => {
      log(`https: ${request.url ?? ""}: ${String(error)}`);
      refuse(client, "502 Bad Gateway");
    });
  });
  await new Promise<void>((resolve, reject) => proxy.once("error", reject).listen(port, "127.0.0.1", resolve));
  return {
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.closeAllConnections();
      await new Promise<void>((resolve) => proxy.close(() => resolve()));
      acm.destroy();
    },
  };
}

function addressIn({ type, value }: { type: string; value: string }): string[] {
  return type === "A" ? [value] : [];
}

function refuse(client: Duplex, status: string): void {
  client.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);
}

/** To the world outside, so that a shell that is pointed at the sandbox can still download things. */
function passOn(host: string, port: number, client: Duplex, sockets: Set<Duplex>): void {
  const server = connect({ host, port }, () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    server.pipe(client).pipe(server);
  });
  sockets.add(server);
  server.on("close", () => sockets.delete(server)).on("error", () => refuse(client, "502 Bad Gateway"));
  client.on("close", () => server.destroy());
}
