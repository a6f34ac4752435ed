import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIPv4 } from "node:net";
import * as der from "./der.ts";

/** A certificate and its private key, both PEM. */
export interface CertifiedKey {
  certificate: string;
  key: string;
}

export interface CertificateAuthority extends CertifiedKey {
  issue(request: CertificateRequest): CertifiedKey;
}

export interface CertificateRequest {
  /** The Kubernetes user, or just a name. */
  commonName: string;
  /** The Kubernetes groups. */
  organizations?: readonly string[];
  /** Host names and IPv4 addresses that a server answers on; a client certificate if there are none. */
  hosts?: readonly string[];
  /** When it ends; ten years from now otherwise. */
  until?: Date;
}

const oid = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  subjectAlternativeName: "2.5.29.17",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
  clientAuthentication: "1.3.6.1.5.5.7.3.2",
} as const;

const keyUsage = {
  /** digitalSignature */
  leaf: der.bitString(Buffer.from([0x80]), 7),
  /** keyCertSign, cRLSign */
  authority: der.bitString(Buffer.from([0x06]), 1),
} as const;

const algorithm = der.sequence(der.objectIdentifier(oid.ecdsaWithSha256));
const oneDay = 24 * 60 * 60 * 1000;
const lifetimeDays = 3650;

/**
 * A certificate authority for one control plane. Node.js reads certificates but can't make them; the encoding is short
 * enough not to need a package or a program for it.
 */
export function createAuthority(commonName: string): CertificateAuthority {
  const keys = generateKeys();
  const name = encodeName(commonName, []);
  const certificate = signCertificate(keys.privateKey, {
    issuer: name,
    subject: name,
    publicKey: keys.publicKey,
    extensions: [
      encodeExtension(oid.basicConstraints, der.sequence(der.boolean(true)), true),
      encodeExtension(oid.keyUsage, keyUsage.authority, true),
    ],
  });
  return loadAuthority({ certificate, key: pemOfKey(keys.privateKey) }, commonName);
}

/** An authority that was made before. */
export function loadAuthority({ certificate, key }: CertifiedKey, commonName: string): CertificateAuthority {
  const name = encodeName(commonName, []);
  const signer = createPrivateKey(key);
  return {
    certificate,
    key,
    issue: ({ commonName: subject, organizations = [], hosts = [], until }) => {
      const leaf = generateKeys();
      const purpose = hosts.length > 0 ? oid.serverAuthentication : oid.clientAuthentication;
      const extensions = [
        encodeExtension(oid.basicConstraints, der.sequence(), true),
        encodeExtension(oid.keyUsage, keyUsage.leaf, true),
        encodeExtension(oid.extendedKeyUsage, der.sequence(der.objectIdentifier(purpose))),
        ...(hosts.length > 0
          ? [encodeExtension(oid.subjectAlternativeName, der.sequence(...hosts.map(encodeHost)))]
          : []),
      ];
      const request = {
        issuer: name,
        subject: encodeName(subject, organizations),
        publicKey: leaf.publicKey,
        extensions,
        ...(until && { until }),
      };
      return { certificate: signCertificate(signer, request), key: pemOfKey(leaf.privateKey) };
    },
  };
}

function generateKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}

interface Content {
  issuer: Buffer;
  subject: Buffer;
  publicKey: KeyObject;
  extensions: readonly Buffer[];
  until?: Date;
}

function signCertificate(key: KeyObject, { issuer, subject, publicKey, extensions, until }: Content): string {
  const now = Date.now();
  const content = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    // Unique and positive, at most 20 bytes.
    der.integer(Buffer.concat([Buffer.from([0x4a]), randomBytes(15)])),
    algorithm,
    issuer,
    // A day back, for clocks that differ.
    der.sequence(der.time(new Date(now - oneDay)), der.time(until ?? new Date(now + lifetimeDays * oneDay))),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der.explicit(3, der.sequence(...extensions)),
  );
  const signature = sign("sha256", content, key);
  return pemOf("CERTIFICATE", der.sequence(content, algorithm, der.bitString(signature)));
}

function encodeName(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (type: string, value: string) =>
    der.set(der.sequence(der.objectIdentifier(type), der.utf8String(value)));
  return der.sequence(
    ...organizations.map((organization) => attribute(oid.organization, organization)),
    attribute(oid.commonName, commonName),
  );
}

function encodeExtension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(id), ...critical, der.octetString(value));
}

function encodeHost(host: string): Buffer {
  return isIPv4(host) ? der.implicit(7, Buffer.from(host.split(".").map(Number))) : der.implicit(2, Buffer.from(host));
}

function pemOfKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function pemOf(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
