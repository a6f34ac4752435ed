import { expect, test } from "vitest";
import { compareVersions, minorOf } from "../../../src/upgrade/compare-versions.ts";

test.each([
  ["1.9.0", "1.10.0"],
  ["v1.12.4-eksbuild.10", "v1.13.2-eksbuild.6"],
  ["v1.12.4-eksbuild.9", "v1.12.4-eksbuild.10"],
  ["1.36.1-20261023", "1.36.1-20261110"],
  ["1.13", "1.13.0"],
  ["4.4.0", "4.4.1"],
])("%s is older than %s", (older, newer) => {
  expect(compareVersions(older, newer)).toBeLessThan(0);
  expect(compareVersions(newer, older)).toBeGreaterThan(0);
  expect(compareVersions(newer, newer)).toBe(0);
});

test("the minor of Kubernetes is read from every form that it is written in", () => {
  expect(["1.36", "1.36.3", "v1.36.3-eks-3a10415"].map(minorOf)).toEqual([36, 36, 36]);
  expect(() => minorOf("al2023")).toThrow("no version of Kubernetes");
});
