import { readLock, writeLock } from "../config/lock-file.ts";
import { defineStep } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { compareVersions, minorOf } from "../upgrade/compare-versions.ts";
import { describeIrreversible, describeLockChanges } from "../upgrade/lock-changes.ts";
import type { Installation } from "./installation.ts";

export const recordVersions = defineStep({
  id: "record-versions",
  title: "Record versions and zones",
  async check(installation: Installation) {
    const { lock, recorded, newImages = [], replaces } = await installation.lock();
    if (replaces) {
      for (const line of describeIrreversible(replaces, lock)) installation.note(`! ${line}`);
      const moves = describeLockChanges(replaces, lock).map(({ what, from, to }) => `${what} ${from} → ${to}`);
      return { change: moves.join(", "), plan: lock };
    }
    const versions = `Kubernetes ${lock.kubernetes}, hub chart ${lock.charts["jupyterhub"] ?? "?"}, ${lock.zones.length} zones`;
    if (recorded) {
      noteWithoutEffect(installation, lock);
      return newImages.length === 0 ? { done: versions } : { change: `digest of ${newImages.join(", ")}`, plan: lock };
    }
    return { change: [versions, ...newImages.map((image) => `digest of ${image}`)].join(", "), plan: lock };
  },
  async run(installation: Installation, lock: HubLock) {
    const { lockFile } = installation.deployment;
    // There may be no state bucket yet, and so no run lock that keeps a second run away while this one asks.
    const present = readLock(lockFile);
    if (present !== undefined && present.id !== lock.id) {
      throw new UserError("RecordedMeanwhile", `another run has written ${lockFile} since this one looked for it`, {
        hint: "wait until that run ends, then run the same command again",
      });
    }
    // Before anything is created: a run that is stopped later must find the id that its resources carry.
    await writeLock(lockFile, lock);
    installation.forget();
  },
});

/** Says which settings were decided by the first install. */
function noteWithoutEffect({ config, note }: Installation, lock: HubLock): void {
  const { kubernetesVersion: wanted } = config.cluster;
  if (wanted !== undefined && wanted !== lock.kubernetes) {
    const stays = `Kubernetes stays at ${lock.kubernetes}, as recorded; the configuration's ${wanted} has no effect`;
    const isOlder = minorOf(wanted) < minorOf(lock.kubernetes);
    note(`! ${stays}: ${isOlder ? "EKS has no way back" : "hubctl update --upgrade kubernetes moves it"}`);
  }
  const [chart, recordedChart] = [config.hub.chartVersion, lock.charts["jupyterhub"]];
  if (chart !== undefined && recordedChart !== undefined && chart !== recordedChart) {
    const stays = `the hub's chart stays at ${recordedChart}, as recorded; the configuration's ${chart} has no effect`;
    const isOlder = compareVersions(chart, recordedChart) < 0;
    note(`! ${stays}: ${isOlder ? "only update --rollback goes back" : "hubctl update --upgrade hub moves it"}`);
  }
  const { existingVpc, vpc } = config.network;
  if (!existingVpc && vpc.zones !== lock.zones.length) {
    note(`! the VPC stays in ${lock.zones.length} zones, as recorded; the configuration's ${vpc.zones} has no effect`);
  }
}
