import { describe, expect, it } from "vitest";
import { chooseCertificate, describeFailure, findFault, refuseUnfit } from "../../../src/aws/certificate-rules.ts";
import { covers, idTag, type Certificate } from "../../../src/aws/certificates.ts";
import { findForbiddingCaa } from "../../../src/dns/caa.ts";

const now = new Date("2026-11-21T12:00:00Z");
const domain = "hub.example.org";
const id = "3f1c9a52";

function certificate(changes: Partial<Certificate> = {}): Certificate {
  return {
    arn: "arn:aws:acm:us-east-2:123456789012:certificate/1",
    domain,
    names: [domain],
    status: "ISSUED",
    type: "AMAZON_ISSUED",
    keyAlgorithm: "RSA_2048",
    expires: new Date("2027-06-01T00:00:00Z"),
    inUseBy: [],
    tags: {},
    validation: [],
    ...changes,
  };
}

const own = { tags: { [idTag]: id } };

it.each([
  [["hub.example.org"], true],
  [["*.example.org"], true],
  [["HUB.example.org"], true],
  [["example.org"], false],
  [["*.hub.example.org"], false],
  [["*.org"], false],
])("a certificate for %j covers the domain: %s", (names, expected) => {
  expect(covers(names, domain)).toBe(expected);
});

describe("the choice of a certificate", () => {
  const choose = (certificates: Certificate[], settled?: string) =>
    chooseCertificate(certificates, { id, settled, domain, now });

  it("prefers what was settled on, then the deployment's own, and never takes another's", () => {
    const settled = certificate({ arn: "settled" });
    const tagged = certificate({ arn: "tagged", ...own });
    const others = certificate({ arn: "others", tags: { [idTag]: "another" } });
    expect(choose([others, tagged, settled], "settled")).toMatchObject({ certificate: { arn: "settled" } });
    expect(choose([others, tagged, settled])).toMatchObject({ certificate: { arn: "tagged" } });
    expect(choose([others], "gone")).toEqual({ kind: "none", others: [others], failed: [] });
  });

  it("leaves alone one that is in use, although another one lasts longer", () => {
    const used = certificate({ arn: "used", ...own, inUseBy: ["lb"] });
    const longer = certificate({ arn: "longer", ...own, expires: new Date("2027-09-01T00:00:00Z") });
    expect(choose([longer, used])).toMatchObject({ certificate: { arn: "used" } });
    expect(choose([certificate({ arn: "shorter", ...own }), longer])).toMatchObject({ certificate: { arn: "longer" } });
  });

  it.each([
    ["ends within 30 days", { expires: new Date("2026-12-20T00:00:00Z") }],
    ["has a key that no load balancer takes", { keyAlgorithm: "RSA_4096" }],
    ["is for another name", { names: ["example.org"] }],
    ["is revoked", { status: "REVOKED" }],
  ])("takes none that %s", (_, changes) => {
    expect(choose([certificate({ ...own, ...changes })])).toMatchObject({ kind: "none", others: [] });
  });

  it("goes on with an own request, and counts what failed", () => {
    const pending = certificate({ arn: "pending", ...own, status: "PENDING_VALIDATION" });
    const failed = certificate({ arn: "failed", ...own, status: "FAILED" });
    expect(choose([failed, pending])).toEqual({ kind: "pending", certificate: pending });
    expect(choose([failed])).toEqual({ kind: "none", others: [], failed: [failed] });
    expect(choose([certificate({ status: "PENDING_VALIDATION" })])).toEqual({ kind: "none", others: [], failed: [] });
  });
});

describe("a certificate that is named", () => {
  const arn = certificate().arn;
  const refuse = (found: Certificate | undefined, region = "us-east-2") =>
    refuseUnfit(found, { arn, domain, region, now });

  it("is taken if it is fit, even if it ends soon", () => {
    const soon = certificate({ expires: new Date("2026-11-30T00:00:00Z") });
    expect(refuse(soon)).toBe(soon);
  });

  it.each([
    ["CertificateUnfit", { names: ["other.example.org"] }],
    ["CertificateNotIssued", { status: "PENDING_VALIDATION" }],
    ["CertificateFailed", { status: "FAILED", failure: "CAA_ERROR" }],
    ["CertificateTimedOut", { status: "VALIDATION_TIMED_OUT" }],
    ["CertificateRevoked", { status: "REVOKED" }],
    ["CertificateExpired", { status: "EXPIRED" }],
    ["CertificateExpired", { expires: new Date("2026-11-20T00:00:00Z") }],
    ["CertificateUnusable", { status: "INACTIVE" }],
    ["CertificateKeyUnusable", { keyAlgorithm: "RSA_4096" }],
  ])("is refused as %s", (code, changes) => {
    const fault = findFault(certificate(changes), domain, now);
    expect(fault?.code).toBe(code);
    expect(fault?.hint).not.toBe("");
    expect(() => refuse(certificate(changes))).toThrow(expect.objectContaining({ code, hint: fault?.hint }));
  });

  it("is refused if it is not there, or in another region", () => {
    expect(() => refuse(undefined)).toThrow(expect.objectContaining({ code: "CertificateNotFound" }));
    expect(() => refuse(undefined, "eu-west-1")).toThrow(expect.objectContaining({ code: "CertificateElsewhere" }));
  });

  it("tells the record that is missing while it is pending", () => {
    const validation = [{ name: "_a.hub.example.org.", value: "_b.acm-validations.aws." }];
    const fault = findFault(certificate({ status: "PENDING_VALIDATION", validation }), domain, now);
    expect(fault?.hint).toContain("_a.hub.example.org. CNAME _b.acm-validations.aws.");
  });
});

it("tells each reason why AWS refuses a domain in words of its own", () => {
  const reasons = ["CAA_ERROR", "ADDITIONAL_VERIFICATION_REQUIRED", "DOMAIN_NOT_ALLOWED", "INVALID_PUBLIC_DOMAIN", "X"];
  expect(new Set(reasons.map((reason) => describeFailure(domain, reason).message)).size).toBe(reasons.length);
});

describe("CAA records", () => {
  const ask = (records: Record<string, object[]>) => ({
    caa: (name: string) => Promise.resolve((records[name] ?? []) as never[]),
  });

  it.each([
    ["no records", {}, undefined],
    ["Amazon is named", { "example.org": [{ critical: 0, issue: "amazon.com; account=1" }] }, undefined],
    ["nobody is named for names without an asterisk", { "example.org": [{ critical: 0, issuewild: ";" }] }, undefined],
    [
      "another is named",
      { "example.org": [{ critical: 0, issue: "ca.org" }] },
      { at: "example.org", issuers: ["ca.org"] },
    ],
    ["nobody is", { "hub.example.org": [{ critical: 0, issue: ";" }] }, { at: "hub.example.org", issuers: [] }],
    [
      "the nearest decides",
      {
        "hub.example.org": [{ critical: 0, issue: "amazonaws.com" }],
        "example.org": [{ critical: 0, issue: "ca.org" }],
      },
      undefined,
    ],
  ])("%s", async (_, records, expected) => {
    expect(await findForbiddingCaa(ask(records), domain)).toEqual(expected);
  });
});
