import { randomInt } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { hasCode } from "./processes.ts";

/**
 * Ports that nothing listens on now, for programs that can't be told to choose one. All are held at once, so that they
 * differ; what takes one before its program does makes that program fail, and the caller tries again.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Below the ports that systems give to whoever asks for any. */
const lasting = { first: 20_000, count: 12_000 };

/**
 * A free port that is likely to be free when a snapshot is restored, too: addresses of the sandbox lie in kubeconfigs, in
 * queues' names and in Terraform's state, so a restored world has them again.
 */
export async function findLastingPort(): Promise<number> {
  for (;;) {
    const port = lasting.first + randomInt(lasting.count);
    if (await isFree(port)) return port;
  }
}

export async function isFree(port: number): Promise<boolean> {
  try {
    const server = await listen(port);
    await new Promise((resolve) => server.close(resolve));
    return true;
  } catch (error) {
    if (hasCode(error, "EADDRINUSE")) return false;
    throw error;
  }
}

function listen(port: number) {
  return new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
