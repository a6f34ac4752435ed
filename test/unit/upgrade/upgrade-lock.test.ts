import { expect, test } from "vitest";
import type { HubLock } from "../../../src/config/hub-lock.ts";
import type { Offers, RunningVersions } from "../../../src/upgrade/offers.ts";
import { upgradeTargets, type UpgradeTarget } from "../../../src/upgrade/targets.ts";
import { compareVersions, minorOf } from "../../../src/upgrade/compare-versions.ts";
import { upgradeLock } from "../../../src/upgrade/upgrade-lock.ts";
import { testedVersions } from "../../../src/versions.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { lockOf, offersFor, offersOf } from "./lock.ts";

const { config } = releaseInputs();

interface Situation {
  running?: RunningVersions;
  offers?: Offers;
  chartVersion?: string;
}

function upgrade(lock: HubLock, target: UpgradeTarget, { running, offers, chartVersion }: Situation = {}) {
  const now = running ?? { kubernetes: lock.kubernetes, coreNodes: lock.kubernetes };
  const hub = chartVersion === undefined ? config.hub : { ...config.hub, chartVersion };
  return upgradeLock(lock, target, { offers: offers ?? offersOf(), running: now, config: { ...config, hub } });
}

test("Kubernetes moves one minor, and with it add-ons and node image", () => {
  const before = lockOf();
  const { lock, held } = upgrade(before, "kubernetes");
  expect(held).toEqual([]);
  expect(lock).toEqual({
    ...before,
    kubernetes: "1.35",
    addons: { coredns: "v1.13.2-eksbuild.6", "kube-proxy": "v1.35.9-eksbuild.1" },
    nodeImage: { release: "1.35.9-20261110", alias: "al2023@v20261110" },
  });
});

test("an add-on that fits the next minor is not moved back to an older default", () => {
  const newer = lockOf({ addons: { coredns: "v1.99.0-eksbuild.1", "kube-proxy": "v1.34.8-eksbuild.2" } });
  const addons = { ...offersFor("1.35").addons };
  addons["coredns"] = { preferred: "v1.13.2-eksbuild.6", fitting: ["v1.99.0-eksbuild.1", "v1.13.2-eksbuild.6"] };
  const offers = offersOf({ "1.35": offersFor("1.35", { addons }) });
  expect(upgrade(newer, "kubernetes", { offers }).lock.addons["coredns"]).toBe("v1.99.0-eksbuild.1");
});

test("the newest Kubernetes stays where it is", () => {
  const newest = lockOf({ kubernetes: "1.36" });
  expect(upgrade(newest, "kubernetes")).toEqual({ lock: newest, held: [] });
});

test.each([
  ["the control plane", { kubernetes: "1.33", coreNodes: "1.33" }, "the control plane runs 1.33"],
  ["the core nodes", { kubernetes: "1.34", coreNodes: "1.33" }, "the core nodes run 1.33"],
])("an interrupted move is completed before the next one begins: %s", (_, running, words) => {
  expect(upgrade(lockOf(), "kubernetes", { running })).toEqual({ lock: lockOf(), held: [], unfinished: words });
});

test("a control plane that somebody else has moved takes the rest along", () => {
  const { lock, held } = upgrade(lockOf(), "kubernetes", { running: { kubernetes: "1.35", coreNodes: "1.34" } });
  expect(held).toEqual([]);
  expect(lock).toMatchObject({ kubernetes: "1.35", nodeImage: { release: "1.35.9-20261110" } });
});

test("Karpenter goes first if it does not know the next Kubernetes", () => {
  const old = lockOf({ charts: { ...lockOf().charts, karpenter: "1.8.2", "karpenter-crd": "1.8.2" } });
  const { lock, held } = upgrade(old, "kubernetes");
  expect(lock.kubernetes).toBe("1.34");
  expect(held).toMatchObject([{ what: "Kubernetes", first: "update --upgrade addons" }]);
  const all = upgrade(old, "all");
  expect(all.lock).toMatchObject({ kubernetes: "1.34", charts: { karpenter: testedVersions.charts.karpenter } });
  expect(all.held).toMatchObject([{ what: "Kubernetes", first: "update --upgrade addons" }]);
});

test("the nodes' image goes first if there is none of its day for the next Kubernetes", () => {
  const offers = offersOf({ "1.35": offersFor("1.35", { hasRecordedImage: false }) });
  const { lock, held } = upgrade(lockOf(), "kubernetes", { offers });
  expect(lock.kubernetes).toBe("1.34");
  expect(held).toMatchObject([{ first: "update --upgrade nodes" }]);
});

test("a Kubernetes that this hubctl was not tested with is not moved to", () => {
  const offers = offersOf({ "1.37": offersFor("1.37") });
  const offered = { ...offers, kubernetes: [{ version: "1.37", support: "standard" as const }, ...offers.kubernetes] };
  const { lock, held } = upgrade(lockOf({ kubernetes: "1.36" }), "kubernetes", { offers: offered });
  expect(lock.kubernetes).toBe("1.36");
  expect(held).toMatchObject([{ first: "npm install --global hubctl@latest" }]);
});

test("nodes get the newest image of their Kubernetes, and nothing else moves", () => {
  const { lock } = upgrade(lockOf(), "nodes");
  expect(lock).toEqual({ ...lockOf(), nodeImage: { release: "1.34.9-20261110", alias: "al2023@v20261110" } });
});

test("add-ons are EKS' add-ons, Karpenter with its definitions, and what offers GPUs", () => {
  const { lock } = upgrade(lockOf(), "addons");
  const { jupyterhub, ...charts } = testedVersions.charts;
  expect(jupyterhub).not.toBe(lockOf().charts["jupyterhub"]);
  expect(lock).toEqual({
    ...lockOf(),
    addons: { coredns: "v1.12.4-eksbuild.10", "kube-proxy": "v1.34.9-eksbuild.1" },
    charts: { ...lockOf().charts, ...charts },
  });
});

test("Karpenter from before 1.1 stays, and keeps its definitions", () => {
  const old = lockOf({ charts: { ...lockOf().charts, karpenter: "1.0.8", "karpenter-crd": "1.0.8" } });
  const { lock, held } = upgrade(old, "addons");
  expect(lock.charts).toMatchObject({ karpenter: "1.0.8", "karpenter-crd": "1.0.8" });
  expect(held.map(({ what }) => what)).toEqual(["Karpenter"]);
});

test("the hub gets the tested chart, or the configuration's, and its frozen images are asked again", () => {
  const frozen = lockOf({ images: { "quay.io/x/y:1": `sha256:${"0".repeat(64)}` } });
  const { lock } = upgrade(frozen, "hub");
  expect(lock).toEqual({ ...lockOf(), charts: { ...lockOf().charts, jupyterhub: testedVersions.charts.jupyterhub } });
  expect(upgrade(frozen, "hub", { chartVersion: "4.3.5" }).lock.charts["jupyterhub"]).toBe("4.3.5");
});

test("whatever is asked for, identity stays, nothing moves back, and Kubernetes at most one minor", () => {
  const locks = ["1.34", "1.35", "1.36"].flatMap((kubernetes) =>
    ["1.0.5", "1.8.0", "1.13.0", "1.20.0"].map((karpenter) =>
      lockOf({
        kubernetes,
        nodeImage: { release: `${kubernetes}.99-20261201`, alias: "al2023@v20261201" },
        charts: { jupyterhub: "4.9.0", karpenter, "karpenter-crd": karpenter, "nvidia-device-plugin": "0.30.0" },
        provider: "6.64.0",
      }),
    ),
  );
  for (const before of locks) {
    for (const target of upgradeTargets) {
      const { lock } = upgrade(before, target);
      const { id, account, region, zones, installer } = before;
      expect(lock).toMatchObject({ id, account, region, zones, installer });
      expect(minorOf(lock.kubernetes) - minorOf(before.kubernetes)).toBeOneOf([0, 1]);
      expect(compareVersions(lock.nodeImage.release, before.nodeImage.release)).toBeGreaterThanOrEqual(0);
      expect(compareVersions(lock.provider, before.provider)).toBeGreaterThanOrEqual(0);
      for (const [name, version] of Object.entries(before.charts)) {
        expect(compareVersions(lock.charts[name] ?? "", version)).toBeGreaterThanOrEqual(0);
      }
    }
  }
});

test("an upgrade that is asked for twice moves nothing the second time", () => {
  for (const target of upgradeTargets) {
    const { lock } = upgrade(lockOf(), target);
    const again = upgrade(lock, target, { running: { kubernetes: "1.34", coreNodes: "1.34" } });
    expect(again.lock).toEqual(lock);
  }
});
