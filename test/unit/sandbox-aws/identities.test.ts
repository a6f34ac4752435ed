import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, it } from "vitest";
import { AuthenticationRefused, Identities, type IssuedCredentials } from "../../../sandbox/aws/identities.ts";
import { readClaim } from "../../../sandbox/aws/signature.ts";

const start = Date.parse("2026-11-21T10:00:00Z");
const account = "123456789012";
const operator = { account, arn: `arn:aws:iam::${account}:user/operator` };
const roleArn = `arn:aws:iam::${account}:role/hubs/dandihub-karpenter`;

function refusal(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof AuthenticationRefused) return error.reason;
    throw error;
  }
  return undefined;
}

function credentialsFor(issued: IssuedCredentials) {
  const { accessKeyId, secretAccessKey, sessionToken } = issued;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

async function presignLogin(issued: IssuedCredentials, cluster = "dandihub", at = start): Promise<string> {
  const hostname = "sts.us-east-2.amazonaws.com";
  const signer = new SignatureV4({
    service: "sts",
    region: "us-east-2",
    credentials: credentialsFor(issued),
    sha256: Sha256,
  });
  const signed = await signer.presign(
    {
      method: "GET",
      protocol: "https:",
      hostname,
      path: "/",
      query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
      headers: { host: hostname, "x-k8s-aws-id": cluster },
    },
    { expiresIn: 60, signingDate: new Date(at) },
  );
  return `https://${hostname}/?${new URLSearchParams(signed.query as Record<string, string>).toString()}`;
}

async function signPut(issued: IssuedCredentials, service: string, path: string, body: string) {
  const signer = new SignatureV4({
    service,
    region: "us-east-2",
    credentials: credentialsFor(issued),
    sha256: Sha256,
    uriEscapePath: service !== "s3",
  });
  const signed = await signer.sign(
    {
      method: "PUT",
      protocol: "http:",
      hostname: "127.0.0.1",
      port: 4566,
      path,
      query: { "x-id": "Put", versionId: "a b", empty: "" },
      headers: { host: "127.0.0.1:4566", "content-type": "application/json" },
      body,
    },
    { signingDate: new Date(start) },
  );
  const headers = Object.fromEntries(
    Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { method: "PUT", path, rawQuery: "x-id=Put&versionId=a%20b&empty=", headers, body: Buffer.from(body) };
}

describe("Identities", () => {
  it.each([
    ["s3", "/bucket/users/a%20b/notes%2Bmore.txt"],
    ["eks", "/clusters/dandihub/node-groups"],
    ["eks", "/access-entries/arn%3Aaws%3Aiam%3A%3A123456789012%3Auser%2Foperator"],
  ])("accepts what the SDK's signer signs for %s %s", async (service, path) => {
    const identities = new Identities(() => start);
    const request = await signPut(identities.issue(operator), service, path, `{"a":1}`);
    const claim = readClaim(request.headers, new URLSearchParams(request.rawQuery));
    expect(claim).toMatchObject({ service, region: "us-east-2" });
    expect(identities.authenticate(claim!, request)).toMatchObject(operator);
  });

  it("refuses a request that was changed after it was signed", async () => {
    const identities = new Identities(() => start);
    const request = await signPut(identities.issue(operator), "eks", "/clusters/a", "{}");
    const claim = readClaim(request.headers, new URLSearchParams())!;
    expect(identities.authenticate(claim, request)).toMatchObject(operator);
    expect(refusal(() => identities.authenticate(claim, { ...request, path: "/clusters/b" }))).toBe("bad-signature");
    expect(refusal(() => identities.authenticate(claim, { ...request, body: Buffer.from("[]") }))).toBe(
      "bad-signature",
    );
    expect(refusal(() => identities.authenticate(claim, { ...request, method: "DELETE" }))).toBe("bad-signature");
  });

  it("refuses keys that it has not issued, and revoked ones", async () => {
    const identities = new Identities(() => start);
    const issued = identities.issue(operator);
    const request = await signPut(issued, "eks", "/clusters", "{}");
    const claim = readClaim(request.headers, new URLSearchParams())!;
    expect(refusal(() => new Identities(() => start).authenticate(claim, request))).toBe("unknown-key");
    identities.revoke(issued.accessKeyId);
    expect(refusal(() => identities.authenticate(claim, request))).toBe("unknown-key");
  });

  it("refuses a request that was signed by a clock more than five minutes off", async () => {
    let now = start;
    const identities = new Identities(() => now);
    const request = await signPut(identities.issue(operator), "eks", "/clusters", "{}");
    const claim = readClaim(request.headers, new URLSearchParams(request.rawQuery))!;
    now = start + 299_000;
    expect(identities.authenticate(claim, request)).toMatchObject(operator);
    now = start + 301_000;
    expect(refusal(() => identities.authenticate(claim, request))).toBe("skewed");
  });

  it("gives sessions of a role the name that STS gives them, until they expire", async () => {
    let now = start;
    const identities = new Identities(() => now);
    const session = identities.assumeRole(roleArn, "pod", 900);
    expect(session.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(session.principal.arn).toBe(`arn:aws:sts::${account}:assumed-role/dandihub-karpenter/pod`);
    expect(session.principal.userId).toMatch(/^AROA[A-Z2-7]{16}:pod$/);
    const token = await presignLogin(session, "dandihub", start + 899_000);
    now = start + 899_000;
    expect(identities.verifyPresigned(token, { "x-k8s-aws-id": "dandihub" })).toEqual(session.principal);
    now = start + 900_000;
    expect(refusal(() => identities.verifyPresigned(token, { "x-k8s-aws-id": "dandihub" }))).toBe("expired-token");
  });

  it("keeps a role's id over its sessions", () => {
    const identities = new Identities(() => start);
    const [first, second] = [1, 2].map((index) => identities.assumeRole(roleArn, `s${index}`, 900).principal.userId);
    expect(first?.split(":")[0]).toBe(second?.split(":")[0]);
  });

  it("refuses a session key without its token", async () => {
    const identities = new Identities(() => start);
    const { accessKeyId, secretAccessKey } = identities.assumeRole(roleArn, "pod", 900);
    const request = await signPut({ accessKeyId, secretAccessKey }, "eks", "/clusters", "{}");
    const claim = readClaim(request.headers, new URLSearchParams(request.rawQuery))!;
    expect(refusal(() => identities.authenticate(claim, request))).toBe("bad-token");
  });
});

describe("Identities.verifyPresigned", () => {
  it("tells who asked for a login to the cluster that was signed", async () => {
    const identities = new Identities(() => start);
    const token = await presignLogin(identities.issue(operator));
    expect(identities.verifyPresigned(token, { "x-k8s-aws-id": "dandihub" })).toMatchObject(operator);
    expect(refusal(() => identities.verifyPresigned(token, { "x-k8s-aws-id": "other" }))).toBe("bad-signature");
  });

  it("takes a token for 15 minutes after it was signed, whatever it says itself", async () => {
    let now = start;
    const identities = new Identities(() => now);
    const token = await presignLogin(identities.issue(operator));
    now = start + 15 * 60_000;
    expect(identities.verifyPresigned(token, { "x-k8s-aws-id": "dandihub" })).toMatchObject(operator);
    now += 1000;
    expect(refusal(() => identities.verifyPresigned(token, { "x-k8s-aws-id": "dandihub" }))).toBe("expired-request");
  });

  it("refuses a token of another service or without the cluster's name", async () => {
    const identities = new Identities(() => start);
    const token = new URL(await presignLogin(identities.issue(operator)));
    const withoutName = new URL(token);
    withoutName.searchParams.set("X-Amz-SignedHeaders", "host");
    const headers = { "x-k8s-aws-id": "dandihub" };
    expect(refusal(() => identities.verifyPresigned(withoutName.href, headers))).toBe("bad-signature");
    const ofAnother = token.href.replace("%2Fsts%2F", "%2Fs3%2F");
    expect(refusal(() => identities.verifyPresigned(ofAnother, headers))).toBe("bad-signature");
  });
});
