import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { layerSeconds } from "./layer.ts";

const httpsPort = 443;

/** How this machine gets to a host: straight, or through the proxy that its environment names. */
export type Route = { via: "address"; address: string } | { via: "proxy"; proxy: URL };

/** The proxy for a host by HTTPS_PROXY and NO_PROXY, as curl and others read them; undefined for none. */
export function proxyFor(host: string, env: NodeJS.ProcessEnv = process.env): URL | undefined {
  const named = env["https_proxy"] || env["HTTPS_PROXY"];
  if (!named || isExempt(host, env["no_proxy"] || env["NO_PROXY"] || "")) return undefined;
  return new URL(named.includes("://") ? named : `http://${named}`);
}

function isExempt(host: string, list: string): boolean {
  return list
    .split(",")
    .map((entry) =>
      entry
        .trim()
        .toLowerCase()
        .replace(/:\d+$/, "")
        .replace(/^\*?\./, ""),
    )
    .some((entry) => entry === "*" || (entry !== "" && (host === entry || host.endsWith(`.${entry}`))));
}

/** A connection on which TLS with the host can begin. */
export function openSocket(host: string, route: Route, signal?: AbortSignal): Promise<Socket> {
  return route.via === "proxy" ? throughProxy(host, route.proxy, signal) : straight(route.address, signal);
}

function straight(address: string, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port: httpsPort, ...(signal && { signal }) });
    socket.setTimeout(layerSeconds * 1000, () => socket.destroy(new Error(`no answer within ${layerSeconds} s`)));
    socket.once("error", reject).once("connect", () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

/** The proxy gets the name and not the address, as from a browser: it may allow names only, and looks them up itself. */
function throughProxy(host: string, proxy: URL, signal: AbortSignal | undefined): Promise<Socket> {
  const path = `${host}:${httpsPort}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.hostname,
      port: proxy.port || 80,
      method: "CONNECT",
      path,
      agent: false,
      headers: {
        host: path,
        ...(login === ":" ? {} : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` }),
      },
      ...(signal && { signal }),
    });
    asked.setTimeout(layerSeconds * 1000, () => asked.destroy(new Error(`no answer within ${layerSeconds} s`)));
    asked.once("error", reject);
    asked.once("connect", ({ statusCode = 0, statusMessage = "" }, socket) => {
      socket.setTimeout(0);
      if (statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new Error(`it answered ${statusCode} ${statusMessage}`.trim()));
    });
    asked.once("response", (response) => {
      response.resume();
      reject(new Error(`it answered ${response.statusCode ?? 0}`));
    });
    asked.end();
  });
}
