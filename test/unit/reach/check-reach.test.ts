import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PublicDns } from "../../../src/dns/ask.ts";
import { checkReach } from "../../../src/reach/check-reach.ts";

const domain = "hub.example.org";
const dns: PublicDns = {
  who: "the test's DNS",
  addresses: () => Promise.resolve(["10.0.0.7"]),
  at: () => Promise.resolve([]),
} as Partial<PublicDns> as PublicDns;

describe("behind a proxy that does not lead to the hub", () => {
  let proxy: Server;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    proxy = createServer();
    proxy.on("connect", (_request, socket) => socket.end("HTTP/1.1 504 Gateway Timeout\r\n\r\n"));
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    env = { HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
  });

  afterAll(() => {
    proxy.close();
  });

  const look = (isInternal: boolean) =>
    checkReach({ dns, domain, host: "lb.example", deployment: "research", isInternal, env });

  it("a public hub has a problem, which is the proxy", async () => {
    const checks = await look(false);
    expect(checks.map(({ layer, state }) => `${layer} ${state}`)).toEqual(["dns ok", "proxy problem"]);
    expect(checks[1]!.todo).toContain(`NO_PROXY=${domain}`);
  });

  it("of an internal hub nothing is known from here", async () => {
    const checks = await look(true);
    expect(checks.map(({ layer, state }) => `${layer} ${state}`)).toEqual(["dns ok", "proxy unknown"]);
    expect(checks[1]!.todo).toContain("from the VPN");
    expect(checks[1]!.todo).toContain(`NO_PROXY=${domain}`);
  });
});
