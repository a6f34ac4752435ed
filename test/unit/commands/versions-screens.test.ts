import { expect, test } from "vitest";
import { formatVersions, warnAbout } from "../../../src/commands/versions-screens.ts";
import type { VersionRow } from "../../../src/upgrade/read-versions.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const now = new Date("2026-11-21T12:00:00Z");
const { config } = releaseInputs();

const kubernetes: VersionRow = {
  what: "Kubernetes",
  running: "1.34",
  locked: "1.34",
  newest: "1.36",
  supportEnds: new Date("2026-12-02"),
  extendedSupportEnds: new Date("2027-12-02"),
};
const rows: VersionRow[] = [
  kubernetes,
  { what: "users' nodes", running: "2 × v1.33.1, 1 × v1.34.8", locked: "1.34" },
  { what: "chart jupyterhub", running: "4.3.3", locked: "4.4.0", newest: "4.4.0" },
  { what: "image quay.io/x/y:1", locked: `sha256:${"1".repeat(64)}`, newest: `sha256:${"2".repeat(64)}` },
];

test("shows what runs beside what is recorded and what there is", () => {
  expect(formatVersions(rows, ["a warning"], { now, deployment: "dandihub" })).toBe(
    [
      "                     RUNNING                   LOCKED               NEWEST               SUPPORT",
      "Kubernetes           1.34                      1.34                 1.36                 standard until 2026-12-02, 10 days left",
      "users' nodes         2 × v1.33.1, 1 × v1.34.8  1.34                 -",
      "chart jupyterhub     4.3.3                     4.4.0                4.4.0",
      "image quay.io/x/y:1  -                         sha256:111111111111  sha256:222222222222",
      "! a warning",
      "To move: hubctl update --upgrade kubernetes|nodes|addons|hub|all --deployment dandihub",
    ].join("\n"),
  );
});

test("says so when there is nothing newer", () => {
  const newest = [{ what: "chart jupyterhub", running: "4.4.0", locked: "4.4.0", newest: "4.4.0" }];
  expect(formatVersions(newest, [], { now, deployment: "dandihub" })).toMatch(/Nothing newer to move to\.$/);
});

test.each([
  ["2027-02-20", []],
  ["2027-02-19", [/has 90 days of standard support left; from 2027-02-19 on AWS updates the cluster by itself/]],
  ["2026-11-01", [/is out of standard support since 2026-11-01/]],
])("warns of the end of support on %s from 90 days on", (day, expected) => {
  const found = warnAbout([{ ...kubernetes, supportEnds: new Date(`${day}T12:00:00Z`) }], config, now);
  expect(found).toHaveLength(expected.length);
  for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern);
});

test("the extended support's price is what an extended policy is warned of", () => {
  const extended = { cluster: { ...config.cluster, supportPolicy: "EXTENDED" as const } };
  expect(warnAbout([kubernetes], extended, now)[0]).toMatch(/six times as much/);
  const past = { ...kubernetes, supportEnds: new Date("2026-07-29") };
  expect(formatVersions([past], [], { now, deployment: "x" })).toContain("extended until 2027-12-02, 375 days left");
});

test("warns of what does not run as recorded, but not of users' nodes, which follow", () => {
  expect(warnAbout(rows.slice(1), config, now)).toEqual([
    "chart jupyterhub runs 4.3.3, but 4.4.0 is recorded: hubctl update makes them equal",
  ]);
  const ahead = [
    { ...kubernetes, running: "1.35", supportEnds: new Date("2028-01-01") },
    { what: "node image", running: "1.35.5-20261110", locked: "1.34.8-20261023" },
  ];
  expect(warnAbout(ahead, config, now)).toEqual([
    "Kubernetes runs 1.35, but 1.34 is recorded: hubctl update --upgrade kubernetes makes them equal",
    "node image runs 1.35.5-20261110, but 1.34.8-20261023 is recorded: hubctl update --upgrade nodes makes them equal",
  ]);
});
