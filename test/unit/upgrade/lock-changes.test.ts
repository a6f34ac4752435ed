import { expect, test } from "vitest";
import { describeIrreversible, describeLockChanges } from "../../../src/upgrade/lock-changes.ts";
import { lockOf } from "./lock.ts";

test("tells what differs, from what to what", () => {
  const to = lockOf({
    kubernetes: "1.35",
    nodeImage: { release: "1.35.5-20261110", alias: "al2023@v20261110" },
    charts: { ...lockOf().charts, jupyterhub: "4.4.0" },
    addons: { ...lockOf().addons, "metrics-server": "v0.8.1-eksbuild.4" },
    images: { "quay.io/x/y:1": "sha256:1" },
  });
  const changes = describeLockChanges(lockOf(), to);
  expect(changes.map(({ what, from, to: after }) => `${what}: ${from} → ${after}`)).toEqual([
    "Kubernetes: 1.34 → 1.35",
    "node image: 1.34.8-20261023 → 1.35.5-20261110",
    "chart jupyterhub: 4.3.3 → 4.4.0",
    "add-on metrics-server: none → v0.8.1-eksbuild.4",
    "image quay.io/x/y:1: none → sha256:1",
  ]);
  expect(describeLockChanges(lockOf(), lockOf())).toEqual([]);
});

test("only a newer Kubernetes and a newer node image have no way back", () => {
  expect(describeIrreversible(lockOf(), lockOf({ kubernetes: "1.35" }))).toEqual([
    expect.stringMatching(/^Kubernetes can't go back from 1\.35 to 1\.34/),
  ]);
  const nodeImage = { release: "1.34.8-20261110", alias: "al2023@v20261110" };
  expect(describeIrreversible(lockOf(), lockOf({ nodeImage }))).toEqual([
    expect.stringMatching(/^the node image can't go back from 1\.34\.8-20261110 to 1\.34\.8-20261023/),
  ]);
  expect(describeIrreversible(lockOf(), lockOf({ charts: {}, provider: "6.0.0" }))).toEqual([]);
});
