import { describe, expect, it } from "vitest";
import {
  chooseZone,
  zonesHolding,
  type Delegation,
  type HostedZone,
  type KnownZone,
  type ZoneSetting,
} from "../../../src/aws/hosted-zones.ts";
import { UserError } from "../../../src/errors.ts";

const states: Record<string, Delegation> = {
  delegated: { state: "delegated" },
  elsewhere: { state: "elsewhere", leadsTo: ["ns1.registrar.example"] },
  nowhere: { state: "elsewhere", leadsTo: [] },
  unknown: { state: "unknown", why: "no answer" },
};

/** "Z1 example.org delegated", or "Z1 example.org private". */
function zone(text: string): KnownZone {
  const [id = "", name = "", state = ""] = text.split(" ");
  const delegation = states[state] ?? { state: "unknown", why: "it is private" };
  return { id, name, isPrivate: state === "private", nameServers: [`ns.${id}`], delegation };
}

function choose(domain: string, zones: string[], setting?: ZoneSetting): string {
  const known = zones.map(zone);
  const held = zonesHolding(domain, known, setting) as (HostedZone & KnownZone)[];
  const choice = chooseZone(domain, held, setting);
  return "zone" in choice ? choice.zone.id : `none: ${choice.none}`;
}

describe("the hosted zone of a domain", () => {
  it.each([
    ["the apex", "example.org", ["Z1 example.org delegated"], "Z1"],
    ["a name below it", "hub.example.org", ["Z1 example.org delegated"], "Z1"],
    ["a delegated sub-zone", "a.hub.example.org", ["Z1 example.org delegated", "Z2 hub.example.org delegated"], "Z2"],
    [
      "no sub-zone that nobody is led to",
      "hub.example.org",
      ["Z1 example.org delegated", "Z2 hub.example.org nowhere"],
      "Z1",
    ],
    ["the public one of twins", "hub.example.org", ["Z1 example.org private", "Z2 example.org delegated"], "Z2"],
    [
      "the delegated one of public twins",
      "hub.example.org",
      ["Z1 example.org elsewhere", "Z2 example.org delegated"],
      "Z2",
    ],
    ["a public suffix of two labels", "hub.example.co.uk", ["Z1 co.uk elsewhere", "Z2 example.co.uk delegated"], "Z2"],
    ["only whole labels", "hub.example.co.uk", ["Z1 ple.co.uk delegated", "Z2 example.co.uk delegated"], "Z2"],
    ["one of which nothing is known", "hub.example.org", ["Z1 example.org unknown"], "Z1"],
  ])("is, for %s, the right one", (_what, domain, zones, id) => {
    expect(choose(domain, zones)).toBe(id);
  });

  it("is none where only private zones hold it, or zones that DNS does not lead to", () => {
    expect(choose("hub.example.org", ["Z1 example.org private"])).toContain("only private zones");
    expect(choose("hub.example.org", ["Z1 other.org delegated"])).toContain("has no zone for hub.example.org");
    expect(choose("hub.example.org", ["Z1 example.org elsewhere"])).toContain("leads to ns1.registrar.example");
  });

  it("must be named by its id where several may be it", () => {
    const twins = ["Z1 example.org unknown", "Z2 example.org unknown"];
    expect(() => choose("hub.example.org", twins)).toThrow(/several public zones example.org: Z1, Z2/);
    expect(choose("hub.example.org", twins, { id: "Z1" })).toBe("Z1");
  });

  it("is the one that the configuration names, delegated or not", () => {
    const zones = ["Z1 example.org delegated", "Z2 hub.example.org nowhere"];
    expect(choose("hub.example.org", zones, { name: "Hub.Example.org." })).toBe("Z2");
    expect(choose("hub.example.org", ["Z1 example.org private"], { id: "Z1" })).toBe("Z1");
  });

  it("is refused where the configuration names one that is not there, or holds another domain", () => {
    expect(() => choose("hub.example.org", [], { name: "example.org" })).toThrow(UserError);
    expect(() => choose("hub.example.org", ["Z1 example.com delegated"], { name: "example.com" })).toThrow(
      /does not belong into the zone example.com/,
    );
  });
});
