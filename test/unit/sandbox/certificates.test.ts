import { X509Certificate } from "node:crypto";
import { createServer, get } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { createAuthority } from "../../../sandbox/kube/certificates.ts";

test("an authority is its own issuer and may sign", () => {
  const certificate = new X509Certificate(createAuthority("test authority").certificate);

  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.subject).toBe("CN=test authority");
});

test("a client certificate carries user and groups and is signed by the authority", () => {
  const authority = createAuthority("test authority");
  const issued = authority.issue({ commonName: "alice", organizations: ["system:masters", "staff"] });
  const certificate = new X509Certificate(issued.certificate);

  expect(certificate.subject).toBe("O=system:masters\nO=staff\nCN=alice");
  expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(new Date(certificate.validTo).getTime()).toBeGreaterThan(Date.now());
});

test("client and server accept each other over TLS", async () => {
  const authority = createAuthority("test authority");
  const serving = authority.issue({ commonName: "server", hosts: ["127.0.0.1", "localhost"] });
  const client = authority.issue({ commonName: "alice" });
  const server = createServer(
    {
      cert: serving.certificate,
      key: serving.key,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    ({ socket }, response) =>
      response.end(socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : "no TLS"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await new Promise<string>((resolve, reject) => {
    get(
      `https://127.0.0.1:${port}/`,
      { ca: authority.certificate, cert: client.certificate, key: client.key, agent: false },
      (response) => response.once("data", (data: Buffer) => resolve(data.toString())),
    ).once("error", reject);
  });
  server.close();

  expect(answer).toBe("alice");
});
