import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request } from "node:https";
import type { Socket } from "node:net";
import { connect, type PeerCertificate } from "node:tls";

interface Page {
  status: number;
  body: string;
  certificate: PeerCertificate;
}

/**
 * Asks for a page as a browser in the simulated world does: by name through its proxy, which asks its DNS, and with
 * trust in its authority alone (a PEM file). Shares no code with hubctl, whose checks it stands beside.
 */
export async function browse(url: string, { proxy, authority }: { proxy: string; authority: string }): Promise<Page> {
  const { hostname } = new URL(url);
  const tunnel = await openTunnel(proxy, `${hostname}:443`);
  const socket = connect({ socket: tunnel, servername: hostname, ca: readFileSync(authority) });
  return await new Promise((resolve, reject) => {
    const asked = request(url, { createConnection: () => socket, timeout: 30_000 }, (response) => {
      const certificate = socket.getPeerCertificate();
      response.toArray().then((chunks: Buffer[]) => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8"), certificate });
      }, reject);
    });
    asked.once("timeout", () => asked.destroy(new Error(`${url} gave no answer within 30 s`)));
    asked.once("error", reject).end();
  });
}

function openTunnel(proxy: string, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(proxy);
    const asked = httpRequest({ host, port, method: "CONNECT", path, agent: false });
    asked.once("error", reject);
    asked.once("connect", ({ statusCode }, socket) => {
      if (statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy answered ${statusCode ?? "nothing"} for ${path}`));
    });
    asked.end();
  });
}
