import { describe, expect, it } from "vitest";
import type { DomainRoute } from "../../../src/aws/route-domain.ts";
import { judgeDomain } from "../../../src/health/domain.ts";
import type { ReachCheck } from "../../../src/reach/layer.ts";

const subject = { deployment: "research", domain: "hub.example.org", host: "lb.example", isHubIll: false };
const well: ReachCheck[] = [
  { layer: "dns", state: "ok", text: "it leads there" },
  { layer: "hub", state: "ok", text: "it answers" },
];
const nowhere: ReachCheck[] = [{ layer: "dns", state: "problem", text: "no address", todo: "look" }];

function route(kind: "same" | "outdated" | "foreign"): { value: DomainRoute } {
  const shown = ["A hub.example.org → alias of gone.example"];
  const verdict = kind === "same" ? { kind } : { kind, shown, change: { remove: [], create: [] } };
  return { value: { in: "route53", verdict } as unknown as DomainRoute };
}

const elsewhere = { value: { in: "elsewhere", why: "no zone", todo: "make it" } as const };

describe("the layer dns", () => {
  it("is well when the hub answers, wherever the record is kept", () => {
    for (const found of [route("same"), elsewhere, { unknown: "refused" }]) {
      expect(judgeDomain(found, well, subject)).toMatchObject({ state: "ok", finding: "it leads there; it answers" });
    }
  });

  it("notices a record of a load balancer that is gone", () => {
    const found = judgeDomain(route("outdated"), nowhere, subject);
    expect(found).toMatchObject({ state: "problem", todo: "hubctl route-dns --deployment research" });
    expect(found.finding).toContain("of an earlier load balancer");
  });

  it("shows the record to make where the zone is not in Route 53", () => {
    expect(judgeDomain(elsewhere, nowhere, subject).todo).toContain("hub.example.org.  300  IN  CNAME  lb.example.");
  });

  it("warns of a certificate that is about to end", () => {
    const ending: ReachCheck = { layer: "tls", state: "warning", text: "10 days left" };
    expect(judgeDomain(route("same"), [...well, ending], subject)).toMatchObject({ state: "warning" });
  });

  it("warns of nothing else because of that, wherever the record is kept", () => {
    const ending: ReachCheck = { layer: "tls", state: "warning", text: "10 days left", todo: "renew it" };
    for (const found of [route("foreign"), elsewhere, { unknown: "refused" }]) {
      const finding = { state: "warning", finding: "10 days left", todo: "renew it" };
      expect(judgeDomain(found, [well[0]!, ending], subject)).toMatchObject(finding);
    }
  });

  it("only warns of a hub that does not answer when the layer that looks at the hub tells why", () => {
    const silent: ReachCheck = {
      layer: "hub",
      state: "problem",
      text: "/hub/health says 404",
      todo: "see hub.baseUrl",
    };
    const checks = [well[0]!, silent];
    expect(judgeDomain(route("same"), checks, { ...subject, isHubIll: true })).toMatchObject({ state: "warning" });
    const finding = { state: "problem", finding: "/hub/health says 404", todo: "see hub.baseUrl" };
    for (const found of [route("same"), elsewhere]) {
      expect(judgeDomain(found, checks, subject)).toMatchObject(finding);
    }
    const untrusted: ReachCheck = { layer: "tls", state: "problem", text: "not trusted here", todo: "renew it" };
    const ill = { ...subject, isHubIll: true };
    expect(judgeDomain(route("same"), [well[0]!, untrusted], ill)).toMatchObject({ state: "problem" });
  });
});
