import type { HubConfig } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { testedVersions } from "../versions.ts";
import { compareVersions, kubernetesVersion, minorOf } from "./compare-versions.ts";
import { karpenterObstacle, karpenterSupports } from "./karpenter-versions.ts";
import type { Offers, OffersFor, RunningVersions } from "./offers.ts";
import type { UpgradeTarget } from "./targets.ts";

/** Something that stays as it is although it was asked to move. */
export interface Held {
  what: string;
  why: string;
  /** What has to be done first, as the rest of a `hubctl` command or as one sentence. */
  first: string;
}

export interface Upgrade {
  lock: HubLock;
  held: Held[];
  /** What an earlier move of Kubernetes has left to do: then this one only completes it. */
  unfinished?: string;
}

export interface UpgradeFacts {
  offers: Offers;
  running: RunningVersions;
  config: Pick<HubConfig, "hub" | "cluster">;
}

/** The lock file that an upgrade leads to. Nothing ever moves to an older version. */
export function upgradeLock(lock: HubLock, target: UpgradeTarget, facts: UpgradeFacts): Upgrade {
  const moves = (one: UpgradeTarget) => target === one || target === "all";
  const held: Held[] = [];
  let next = lock;
  if (moves("addons")) next = upgradeAddons(next, facts, held);
  if (moves("nodes")) next = upgradeNodes(next, facts);
  if (moves("hub")) next = upgradeHub(next, facts);
  if (target === "all") next = { ...next, provider: newer(next.provider, testedVersions.provider) };
  if (!moves("kubernetes")) return { lock: next, held };
  const unfinished = findUnfinished(lock, facts.running);
  if (unfinished !== undefined) return { lock: next, held, unfinished };
  // Judged by what is recorded: what this very upgrade moves beside it comes after the control plane.
  return { lock: upgradeKubernetes(next, lock, facts, held), held };
}

/** EKS' add-ons, Karpenter and what offers GPUs. */
function upgradeAddons(lock: HubLock, facts: UpgradeFacts, held: Held[]): HubLock {
  const charts = { ...lock.charts };
  const obstacle = karpenterObstacle(charts["karpenter"], testedVersions.charts.karpenter);
  if (obstacle !== undefined) held.push({ what: "Karpenter", ...obstacle });
  for (const name of ["karpenter", "karpenter-crd", "nvidia-device-plugin"] as const) {
    if (name !== "nvidia-device-plugin" && obstacle !== undefined) continue;
    charts[name] = newer(charts[name], testedVersions.charts[name]);
  }
  return { ...lock, charts, addons: addonsFor(lock, facts.offers.byKubernetes[lock.kubernetes]) };
}

/** EKS' defaults, but nothing older than what is recorded if that fits. */
function addonsFor(lock: HubLock, offers: OffersFor | undefined): HubLock["addons"] {
  if (offers === undefined) return lock.addons;
  const names = [...new Set([...Object.keys(lock.addons), ...Object.keys(offers.addons)])];
  return Object.fromEntries(
    names.flatMap((name) => {
      const recorded = lock.addons[name];
      const offer = offers.addons[name];
      if (offer === undefined) return recorded === undefined ? [] : [[name, recorded]];
      const keeps = recorded !== undefined && offer.fitting.includes(recorded);
      return [[name, keeps ? newer(recorded, offer.preferred) : offer.preferred]];
    }),
  );
}

function upgradeNodes(lock: HubLock, { offers }: UpgradeFacts): HubLock {
  const newest = offers.byKubernetes[lock.kubernetes]?.nodeImage;
  if (newest === undefined || compareVersions(newest.release, lock.nodeImage.release) <= 0) return lock;
  return { ...lock, nodeImage: newest };
}

/** The chart, and what the tags of frozen images mean today. */
function upgradeHub(lock: HubLock, { config }: UpgradeFacts): HubLock {
  const jupyterhub = newer(lock.charts["jupyterhub"], config.hub.chartVersion ?? testedVersions.charts.jupyterhub);
  const next = { ...lock, charts: { ...lock.charts, jupyterhub } };
  // What has no digest recorded is asked again.
  delete next.images;
  return next;
}

/** One minor, and with it the add-ons and the nodes. */
function upgradeKubernetes(next: HubLock, recorded: HubLock, facts: UpgradeFacts, held: Held[]): HubLock {
  const { offers, running } = facts;
  const from = recorded.kubernetes;
  // Somebody else has moved the control plane: it can't go back, so the rest follows.
  if (running.kubernetes !== undefined && minorOf(running.kubernetes) > minorOf(from)) {
    return moveTo(kubernetesVersion(minorOf(running.kubernetes)), next, offers);
  }
  const to = kubernetesVersion(minorOf(from) + 1);
  const hold = (why: string, first: string): HubLock => {
    held.push({ what: "Kubernetes", why, first });
    return next;
  };
  if (!offers.kubernetes.some(({ version }) => version === to)) return next;
  if (!testedVersions.kubernetes.some((version) => version === to)) {
    return hold(`EKS offers ${to}, which this hubctl was not tested with`, "npm install --global hubctl@latest");
  }
  const karpenter = recorded.charts["karpenter"] ?? "";
  if (!karpenterSupports(karpenter, to)) {
    return hold(`Karpenter ${karpenter} does not know ${to}: no user's node could start`, "update --upgrade addons");
  }
  if (offers.byKubernetes[to]?.hasRecordedImage === false) {
    const image = recorded.nodeImage.alias;
    return hold(
      `there is no image ${image} for ${to}: no user's node could start while it moves`,
      "update --upgrade nodes",
    );
  }
  return moveTo(to, next, offers);
}

function findUnfinished({ kubernetes }: HubLock, running: RunningVersions): string | undefined {
  const isBehind = (version: string | undefined) => version !== undefined && minorOf(version) < minorOf(kubernetes);
  if (isBehind(running.kubernetes)) return `the control plane runs ${running.kubernetes ?? ""}`;
  if (isBehind(running.coreNodes)) return `the core nodes run ${running.coreNodes ?? ""}`;
  return undefined;
}

function moveTo(kubernetes: string, lock: HubLock, { byKubernetes }: Offers): HubLock {
  const offers = byKubernetes[kubernetes];
  const moved = { ...lock, kubernetes, addons: addonsFor(lock, offers) };
  return offers === undefined ? moved : { ...moved, nodeImage: offers.nodeImage };
}

function newer(recorded: string | undefined, offered: string): string {
  return recorded !== undefined && compareVersions(recorded, offered) > 0 ? recorded : offered;
}
