import { request } from "node:http";
import type { TLSSocket } from "node:tls";
import { layerSeconds, type ReachCheck } from "./layer.ts";

const path = "/hub/health";

/** Asks the hub itself, on the connection on which TLS has been agreed. */
export async function checkHub(socket: TLSSocket, domain: string): Promise<ReachCheck> {
  try {
    const status = await askStatus(socket, domain);
    if (status === 200)
      return { layer: "hub", state: "ok", text: `https://${domain}${path} answers`, details: { status } };
    const text = `https://${domain}${path} answers ${status}`;
    return { layer: "hub", state: "problem", text, todo: whatToDo(status), details: { status } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `https://${domain}${path} gives no answer: ${why}`;
    return { layer: "hub", state: "problem", text, todo: whatToDo(503) };
  } finally {
    socket.destroy();
  }
}

function whatToDo(status: number): string {
  return status >= 500
    ? "kubectl get pods -n jupyterhub shows whether proxy and hub run"
    : "look whether hub.values move the hub to another path (hub.baseUrl)";
}

function askStatus(socket: TLSSocket, domain: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ path, headers: { host: domain, connection: "close" }, createConnection: () => socket });
    asked.setTimeout(layerSeconds * 1000, () => asked.destroy(new Error(`none within ${layerSeconds} s`)));
    asked.once("error", reject);
    asked.once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.end();
  });
}
