import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeOwnCertificate, readPemFile } from "../../../src/config/own-certificate.ts";
import { secretValues } from "../../../src/config/secrets.ts";

const domain = "hub.example.org";
let dir: string;
let made: { key: string; leaf: string; middle: string; root: string; otherKey: string };

/** Made by openssl, as an institute's authority would. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "hubctl-test-"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const pem = (name: string) => readFileSync(join(dir, name), "utf8");
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const ca = ["-addext", "basicConstraints=critical,CA:TRUE"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "root.key",
    "-out",
    "root.pem",
    "-days",
    "99",
    "-subj",
    "/CN=Root",
    ...ca,
  );
  for (const [name, issuer, days, extension] of [
    ["middle", "root", "98", "basicConstraints=critical,CA:TRUE"],
    ["leaf", "middle", "97", `subjectAltName=DNS:${domain},DNS:*.lab.example.org`],
  ] as const) {
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    writeFileSync(join(dir, `${name}.ext`), extension);
    const sign = ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`, "-CAcreateserial", "-extfile", `${name}.ext`];
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, "-days", days, ...sign);
  }
  const [key, leaf, middle, root, otherKey] = ["leaf.key", "leaf.pem", "middle.pem", "root.pem", "root.key"].map(pem);
  made = { key: key!, leaf: leaf!, middle: middle!, root: root!, otherKey: otherKey! };
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const inDays = (days: number) => new Date(Date.now() + days * 24 * 60 * 60 * 1000);

function judge(parts: { key?: string; chain?: string }, { name = domain, days = 1 } = {}) {
  const { key = made.key, chain = made.leaf + made.middle } = parts;
  return judgeOwnCertificate({ key, chain }, name, inDays(days));
}

describe("a certificate of one's own", () => {
  it("is fine with its chain, with or without the root", () => {
    expect(judge({})).toEqual({ problems: [], warnings: [] });
    expect(judge({ chain: made.leaf + made.middle + made.root })).toEqual({ problems: [], warnings: [] });
    expect(judge({}, { name: "a.lab.example.org" }).problems).toEqual([]);
  });

  const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength }).privateKey;
  const pkcs8 = { type: "pkcs8", format: "pem" } as const;
  it.each([
    ["another key", () => ({ key: made.otherKey }), "key", /does not belong to the certificate in the chain/],
    ["the leaf last", () => ({ chain: made.middle + made.leaf }), "key", /belongs to certificate 2 of the chain/],
    ["a gap in the chain", () => ({ chain: made.leaf + made.root }), "chain", /certificate 2 \(Root\) has not issued/],
    ["a key in the chain", () => ({ chain: made.leaf + made.key }), "chain", /holds a private key/],
    ["no certificate", () => ({ chain: made.key.replaceAll("PRIVATE", "PUBLIC") }), "chain", /holds no certificate/],
    ["a damaged one", () => ({ chain: made.leaf.replace(/\n.{20}/, "\n") }), "chain", /1 of 1 can't be read/],
    ["no key", () => ({ key: made.leaf }), "key", /holds no private key/],
    ["a damaged key", () => ({ key: made.key.replace(/\n.{20}/, "\n") }), "key", /can't be read: it is damaged/],
    [
      "a locked key",
      () => ({
        key: rsa(2048)
          .export({ ...pkcs8, cipher: "aes-256-cbc", passphrase: "x" })
          .toString(),
      }),
      "key",
      /locked with a passphrase/,
    ],
    ["a short key", () => ({ key: rsa(1024).export(pkcs8).toString() }), "key", /only 1024 bits/],
    [
      "a key that browsers do not know",
      () => ({ key: generateKeyPairSync("ed25519").privateKey.export(pkcs8).toString() }),
      "key",
      /of type ed25519/,
    ],
  ])("is refused with %s", (_, parts, part, message) => {
    expect(judge(parts()).problems).toContainEqual({ part, message: expect.stringMatching(message) as string });
  });

  it("is refused for a domain that it does not cover", () => {
    const [problem] = judge({}, { name: "other.example.org" }).problems;
    expect(problem?.message).toBe(`is for ${domain}, *.lab.example.org, which does not cover other.example.org`);
  });

  it("is refused before and after its time, and warned of shortly before its end", () => {
    expect(judge({}, { days: -2 }).problems).toContainEqual({
      part: "chain",
      message: expect.stringMatching(/not valid yet/) as string,
    });
    expect(judge({}, { days: 100 }).problems).toContainEqual({
      part: "chain",
      message: expect.stringMatching(/expired: leaf/) as string,
    });
    expect(judge({}, { days: 90 })).toEqual({ problems: [], warnings: [expect.stringMatching(/ends in [67] days/)] });
  });

  it("is warned of if it stands alone", () => {
    expect(judge({ chain: made.leaf }).warnings).toEqual([
      expect.stringMatching(/browsers know its issuer \(middle\)/),
    ]);
  });

  it("never shows its key", () => {
    const lines = made.key.trim().split("\n").slice(1, -1);
    expect(secretValues({ certificateKey: made.key, certificateChain: made.leaf })).toEqual(
      expect.arrayContaining([made.key, ...lines]),
    );
    expect(JSON.stringify(judge({ key: made.key.replace(/\n.{20}/, "\n") }))).not.toContain(lines[1]);
  });

  it("must be a file in PEM", () => {
    expect(readPemFile(join(dir, "none.pem"))).toEqual({ message: `there is no file ${join(dir, "none.pem")}` });
    expect(readPemFile(dir)).toEqual({ message: `${dir} is a folder` });
    writeFileSync(join(dir, "leaf.der"), Buffer.from([0x30, 0x82]));
    expect(readPemFile(join(dir, "leaf.der"))).toMatchObject({
      message: expect.stringMatching(/is not in PEM/) as string,
    });
  });
});
