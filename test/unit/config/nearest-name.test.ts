import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearestName } from "../../../src/config/nearest-name.ts";

describe("the nearest name", () => {
  it.each([
    ["domian", "domain"],
    ["jupyterhub_domian", "jupyterhub_domain"],
    ["vpcCIDR", "vpcCidr"],
    ["account-id", "accountId"],
    ["admins_users", "admin_users"],
    ["regoin", "region"],
    ["tga", "tag"],
    ["colour", undefined],
    ["x", undefined],
  ])("of %j is %j", (name, expected) => {
    const names = ["domain", "jupyterhub_domain", "vpcCidr", "accountId", "admin_users", "region", "tag", "cluster"];
    expect(nearestName(name, names)).toBe(expected);
  });

  it("counts insertions, deletions, substitutions and swaps", () => {
    expect(editDistance("region", "regoin")).toBe(1);
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
  });

  it("is measured the same both ways, and is zero for equal names only", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
