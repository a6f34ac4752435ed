import { writeLock } from "../config/lock-file.ts";
import { defineStep } from "../engine/step.ts";
import type { HubLock } from "../config/hub-lock.ts";
import type { Installation } from "./installation.ts";

export const recordVersions = defineStep({
  id: "record-versions",
  title: "Record versions and zones",
  async check(installation: Installation) {
    const { lock, recorded } = await installation.lock();
    const versions = `Kubernetes ${lock.kubernetes}, hub chart ${lock.charts["jupyterhub"] ?? "?"}, ${lock.zones.length} zones`;
    if (recorded) return { done: versions };
    return { change: versions, plan: lock };
  },
  async run(installation: Installation, lock: HubLock) {
    // Before anything is created: a run that is stopped later must find the id that its resources carry.
    await writeLock(installation.deployment.lockFile, lock);
    installation.forget();
  },
});
