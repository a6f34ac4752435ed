import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";

/** A certificate of one's own, both parts in PEM. */
export interface OwnCertificate {
  key: string;
  /** The hub's own certificate first, then whoever issued the one before. */
  chain: string;
}

export interface Judgement {
  /** What is wrong, and with which part; the key itself is never quoted. */
  problems: { part: "key" | "chain"; message: string }[];
  warnings: string[];
}

/** When a certificate that nobody renews by itself is worth a word. */
export const soonDays = 30;

const dayMs = 24 * 60 * 60 * 1000;

/** Whether key and chain fit together and the domain, now. Browsers look at the same things. */
export function judgeOwnCertificate({ key, chain }: OwnCertificate, domain: string, now = new Date()): Judgement {
  const problems: Judgement["problems"] = [];
  const add = (part: "key" | "chain", message: string | undefined) => {
    if (message !== undefined) problems.push({ part, message });
  };
  const read = readChain(chain);
  const readKey = parseKey(key);
  if ("message" in read) add("chain", read.message);
  if ("message" in readKey) add("key", readKey.message);
  else add("key", describeWeakKey(readKey.key));
  if ("message" in read) return { problems, warnings: [] };

  const { certificates } = read;
  const [leaf] = certificates;
  if (leaf === undefined) return { problems, warnings: [] };
  if (!("message" in readKey)) add("key", describeMismatch(certificates, readKey.key));
  add("chain", describeBrokenChain(certificates));
  add("chain", describeOtherDomain(leaf, domain));
  for (const certificate of certificates) add("chain", describeDates(certificate, now));
  return { problems, warnings: problems.length > 0 ? [] : warningsOf(certificates, now) };
}

/** The end of the hub's own certificate; undefined if there is none in the text. */
export function expiryOfChain(chain: string): Date | undefined {
  const read = readChain(chain);
  const leaf = "certificates" in read ? read.certificates[0] : undefined;
  return leaf && new Date(leaf.validTo);
}

export function daysUntil(end: Date, now: Date): number {
  return Math.floor((end.getTime() - now.getTime()) / dayMs);
}

/** Reads a file of key or chain. Nothing of what it holds is in the message. */
export function readPemFile(file: string): { text: string } | { message: string } {
  try {
    const text = readFileSync(file, "utf8");
    if (text.includes("-----BEGIN ")) return { text };
    return { message: `${file} is not in PEM: it must hold lines like -----BEGIN …-----; openssl can convert it` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { message: `there is no file ${file}` };
    if (code === "EISDIR") return { message: `${file} is a folder` };
    return { message: `${file} can't be read (${code ?? "?"})` };
  }
}

function readChain(chain: string): { certificates: X509Certificate[] } | { message: string } {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(chain)) {
    return { message: "holds a private key beside the certificates, which everybody gets to see: take it out" };
  }
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return { message: "holds no certificate: it must begin with -----BEGIN CERTIFICATE-----" };
  const certificates: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      return { message: `certificate ${index + 1} of ${blocks.length} can't be read: it is damaged` };
    }
  }
  return { certificates };
}

function parseKey(key: string): { key: KeyObject } | { message: string } {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: .*ENCRYPTED/m.test(key)) {
    return {
      message: "is locked with a passphrase, which the hub can't ask for: unlock it with openssl pkey -in KEY -out NEW",
    };
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    return { message: "holds no private key: it must begin with -----BEGIN PRIVATE KEY----- or the like" };
  }
  try {
    return { key: createPrivateKey(key) };
  } catch {
    return { message: "holds a private key that can't be read: it is damaged" };
  }
}

/** What browsers refuse, as certificate authorities do: https://cabforum.org/working-groups/server/baseline-requirements/ */
function describeWeakKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const { modulusLength = 0 } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === "ec") return undefined;
  if (asymmetricKeyType !== "rsa") {
    return `is of type ${asymmetricKeyType ?? "unknown"}; browsers know RSA and elliptic curves (P-256, P-384) only`;
  }
  return modulusLength >= 2048 ? undefined : `has only ${modulusLength} bits; browsers want 2048 of an RSA key`;
}

function describeMismatch(certificates: readonly X509Certificate[], key: KeyObject): string | undefined {
  const fitting = certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (fitting === 0) return undefined;
  return fitting === -1
    ? "does not belong to the certificate in the chain"
    : `belongs to certificate ${fitting + 1} of the chain; that one must come first`;
}

function describeBrokenChain(certificates: readonly X509Certificate[]): string | undefined {
  for (const [index, certificate] of certificates.entries()) {
    const issuer = certificates[index + 1];
    if (issuer === undefined) return undefined;
    if (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)) continue;
    const place = `certificate ${index + 2} (${nameOf(issuer)}) has not issued certificate ${index + 1} (${nameOf(certificate)})`;
    return `is not in order: ${place}; each must be followed by the one that issued it`;
  }
  return undefined;
}

/** A name in the subject alone has not counted for years. */
function describeOtherDomain(leaf: X509Certificate, domain: string): string | undefined {
  if (leaf.checkHost(domain, { subject: "never" }) !== undefined) return undefined;
  const names = [...(leaf.subjectAltName ?? "").matchAll(/DNS:"?([^",\s]+)/g)].map(([, name]) => name);
  return names.length === 0
    ? `names no domain (subjectAltName), so it does not cover ${domain}`
    : `is for ${names.join(", ")}, which does not cover ${domain}`;
}

function describeDates(certificate: X509Certificate, now: Date): string | undefined {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (to <= now) return `has expired: ${nameOf(certificate)} was valid until ${isoDay(to)}`;
  if (from > now) return `is not valid yet: ${nameOf(certificate)} begins on ${isoDay(from)}`;
  return undefined;
}

function warningsOf(certificates: readonly X509Certificate[], now: Date): string[] {
  const [leaf] = certificates;
  if (leaf === undefined) return [];
  const to = new Date(leaf.validTo);
  const days = daysUntil(to, now);
  const isOwnIssuer = leaf.checkIssued(leaf);
  return [
    ...(days < soonDays ? [`certificate: ends in ${days} days, on ${isoDay(to)}; nobody but you renews it`] : []),
    ...(isOwnIssuer ? ["certificate: it is signed by itself, so browsers warn everybody who does not know it"] : []),
    ...(certificates.length === 1 && !isOwnIssuer
      ? [`certificate: the chain ends with it; that is right only if browsers know its issuer (${issuerOf(leaf)})`]
      : []),
  ];
}

function nameOf({ subject, subjectAltName }: X509Certificate): string {
  return commonName(subject) ?? subjectAltName ?? "without a name";
}

function issuerOf({ issuer }: X509Certificate): string {
  return commonName(issuer) ?? issuer.replaceAll("\n", ", ");
}

/** Node gives undefined for an empty subject, against its types. */
function commonName(name: string | undefined): string | undefined {
  return /^CN=(.*)$/m.exec(name ?? "")?.[1];
}

function isoDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
