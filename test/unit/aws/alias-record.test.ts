import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { describe, expect, it } from "vitest";
import { judgeRecords, ownRecords, type DomainRecords } from "../../../src/aws/alias-record.ts";

const domain = "hub.example.org";
const id = "0123456789abcdef";
const target = { host: "a1.elb.us-east-2.amazonaws.com", zoneId: "ZLB", isDualStack: false };
const dualStack = { ...target, isDualStack: true };

function alias(host: string, Type: "A" | "AAAA" = "A"): ResourceRecordSet {
  const AliasTarget = { DNSName: `${host}.`, HostedZoneId: "ZLB", EvaluateTargetHealth: false };
  return { Name: `${domain}.`, Type, AliasTarget };
}

function cname(host: string): ResourceRecordSet {
  return { Name: `${domain}.`, Type: "CNAME", TTL: 60, ResourceRecords: [{ Value: host }] };
}

function mark(owner: string, host: string): ResourceRecordSet {
  const Value = `"hubctl:id=${owner} target=${host}"`;
  return { Name: `_hubctl.${domain}.`, Type: "TXT", TTL: 300, ResourceRecords: [{ Value }] };
}

function judge(records: DomainRecords, to = target) {
  return judgeRecords(records, { domain, id, target: to });
}

describe("the domain's record", () => {
  it("is made where there is none, with a mark that says whose it is", () => {
    const verdict = judge({ addresses: [] });
    expect(verdict).toMatchObject({
      kind: "absent",
      change: {
        remove: [],
        create: [
          {
            Name: domain,
            Type: "A",
            AliasTarget: { DNSName: target.host, HostedZoneId: "ZLB", EvaluateTargetHealth: false },
          },
          {
            Name: `_hubctl.${domain}`,
            Type: "TXT",
            ResourceRecords: [{ Value: `"hubctl:id=${id} target=${target.host}"` }],
          },
        ],
      },
    });
  });

  it("has an AAAA beside it where the load balancer has both kinds of addresses", () => {
    const verdict = judge({ addresses: [alias(target.host)] }, dualStack);
    expect(verdict.kind).toBe("outdated");
    const types = "change" in verdict ? verdict.change.create.map(({ Type }) => Type) : [];
    expect(types).toEqual(["A", "AAAA", "TXT"]);
  });

  it.each([
    ["as hubctl makes it", [alias(target.host)]],
    ["as the console makes it", [alias(`dualstack.${target.host.toUpperCase()}`)]],
    ["as a CNAME", [cname(target.host)]],
  ])("is left alone %s", (_what, addresses) => {
    expect(judge({ addresses })).toEqual({ kind: "same" });
  });

  it("is changed where the mark says that it led to an earlier load balancer of this deployment", () => {
    const old = "gone.elb.us-east-2.amazonaws.com";
    const records = { addresses: [alias(old)], mark: mark(id, old) };
    expect(judge(records)).toMatchObject({
      kind: "outdated",
      change: { remove: [records.addresses[0], records.mark] },
    });
  });

  it.each([
    ["without a mark", { addresses: [alias("gone.example")] }],
    [
      "with the mark of another deployment",
      { addresses: [alias("gone.example")], mark: mark("other", "gone.example") },
    ],
    ["changed behind the mark", { addresses: [alias("new.example")], mark: mark(id, "gone.example") }],
    ["a CNAME to somewhere else", { addresses: [cname("www.example")] }],
    ["weighted", { addresses: [{ ...alias(target.host), SetIdentifier: "blue", Weight: 1 }] }],
    ["an AAAA of somebody else's beside ours", { addresses: [alias(target.host), alias("www.example", "AAAA")] }],
  ])("is somebody else's %s", (_what, records) => {
    expect(judge(records).kind).toBe("foreign");
  });
});

describe("what is taken away with a deployment", () => {
  it("is what leads to its load balancers, and to the one that its mark names", () => {
    const records = { addresses: [alias("gone.example")], mark: mark(id, "gone.example") };
    expect(ownRecords(records, { id, hosts: [] })).toEqual([...records.addresses, records.mark]);
    expect(ownRecords({ addresses: [alias(target.host)] }, { id, hosts: [target.host] })).toHaveLength(1);
  });

  it("is not what somebody else has made of it, but the mark goes", () => {
    const records = { addresses: [alias("www.example")], mark: mark(id, "gone.example") };
    expect(ownRecords(records, { id, hosts: [target.host] })).toEqual([records.mark]);
    expect(ownRecords({ ...records, mark: mark("other", "www.example") }, { id, hosts: [] })).toEqual([]);
  });
});
