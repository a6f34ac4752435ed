import { describe, expect, it } from "vitest";
import type { Certificate } from "../../../src/aws/certificates.ts";
import { judgeCertificate } from "../../../src/health/certificate.ts";

const now = new Date("2026-11-21T12:00:00Z");
const domain = "hub.example.org";
const issued: Certificate = {
  arn: "arn:aws:acm:us-east-2:123456789012:certificate/1234abcd",
  domain,
  names: [domain],
  status: "ISSUED",
  type: "AMAZON_ISSUED",
  keyAlgorithm: "RSA_2048",
  expires: new Date("2027-11-21T12:00:00Z"),
  inUseBy: [],
  tags: {},
  validation: [{ name: "_a.hub.example.org.", value: "_b.acm-validations.aws." }],
};

function judge(change: Partial<Certificate>) {
  return judgeCertificate({ ...issued, ...change }, domain, now);
}

describe("the layer certificate", () => {
  it("tells how long it is good", () => {
    expect(judge({})).toMatchObject({ state: "ok", finding: "good until 2027-11-21, for 365 days" });
  });

  it("warns before the end, with the record by which AWS renews its own", () => {
    const soon = { expires: new Date("2026-12-01T12:00:00Z") };
    const warning = judge(soon);
    expect(warning).toMatchObject({ state: "warning", finding: "it expires in 10 days, on 2026-12-01" });
    expect(warning.todo).toContain("_a.hub.example.org. CNAME _b.acm-validations.aws.");
    expect(judge({ ...soon, type: "IMPORTED" }).todo).toContain("import-certificate");
  });

  it("warns of a renewal that failed", () => {
    expect(judge({ renewal: "FAILED" })).toMatchObject({ state: "warning", finding: "AWS could not renew it" });
  });

  it.each([
    [{ status: "PENDING_VALIDATION" }, "is not issued yet"],
    [{ names: ["other.example.org"] }, "not for hub.example.org"],
    [{ expires: new Date("2026-11-20T12:00:00Z") }, "expired on 2026-11-20"],
  ])("is a problem with %o", (change, words) => {
    const found = judge(change);
    expect(found.state).toBe("problem");
    expect(found.finding).toContain(words);
    expect(found.todo).toBeDefined();
  });
});
