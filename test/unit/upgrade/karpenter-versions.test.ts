import { expect, test } from "vitest";
import { karpenterObstacle, karpenterSupports } from "../../../src/upgrade/karpenter-versions.ts";
import { testedVersions } from "../../../src/versions.ts";

test("the tested Karpenter knows every tested Kubernetes", () => {
  for (const version of testedVersions.kubernetes) {
    expect(karpenterSupports(testedVersions.charts.karpenter, version), version).toBe(true);
  }
});

test.each([
  ["1.12.1", "1.36", false],
  ["1.13.0", "1.36", true],
  ["1.8.9", "1.35", false],
  ["1.9.0", "1.35", true],
  ["1.14.1", "1.99", false],
])("Karpenter %s knows Kubernetes %s: %s", (karpenter, kubernetes, knows) => {
  expect(karpenterSupports(karpenter, kubernetes)).toBe(knows);
});

test("a version before 1.1 and another major have a way of their own, an older target none at all", () => {
  expect(karpenterObstacle("1.0.8", "1.14.1")?.why).toContain("leads over 1.0");
  expect(karpenterObstacle("0.37.0", "1.14.1")?.why).toContain("leads over 1.0");
  expect(karpenterObstacle("1.14.1", "2.0.0")?.why).toContain("another major");
  expect(karpenterObstacle("1.1.0", "1.14.1")).toBeUndefined();
  expect(karpenterObstacle("1.14.1", "1.13.0")).toBeUndefined();
});
