import type { Drift } from "../engine/object-change.ts";
import type { HubConfig } from "../config/hub-config.ts";
import { devicePlugin } from "../releases/device-plugin.ts";
import { hub } from "../releases/hub.ts";
import { karpenterCrd } from "../releases/karpenter-crd.ts";
import { karpenter } from "../releases/karpenter.ts";
import { platform } from "../releases/platform.ts";
import type { Release } from "../releases/release.ts";
import { CommandError, type Exec } from "../tools/exec.ts";
import { manifestCommand, type KubeTarget } from "../tools/helm.ts";
import { getObjectsCommand } from "../tools/kubectl.ts";
import { keyOf, parseLiveObjects, parseManifest, type ManifestObject } from "../tools/manifest.ts";
import { diffWithLive } from "../tools/release-diff.ts";

/** By the id of the step that installs it. */
const releases: Readonly<Record<string, Release>> = {
  "karpenter-crd": karpenterCrd,
  karpenter,
  platform,
  "device-plugin": devicePlugin,
  hub,
};

/** What of the releases' objects somebody has changed or deleted in the cluster, by step. */
export async function findReleaseDrift(
  exec: Exec,
  target: KubeTarget,
  config: HubConfig,
): Promise<ReadonlyMap<string, readonly Drift[]>> {
  const needed = Object.entries(releases).filter(([, release]) => release.isNeeded?.(config) !== false);
  const manifests = await Promise.all(
    needed.map(async ([step, { name, namespace }]) => {
      const manifest = await readManifest(exec, { ...target, release: name, namespace });
      return [step, parseManifest(manifest, namespace)] as const;
    }),
  );
  const asked = manifests.flatMap(([, objects]) => objects);
  const live = asked.length === 0 ? [] : await readLive(exec, target, asked);
  return new Map(manifests.map(([step, objects]) => [step, diffWithLive(objects, live)]));
}

async function readManifest(exec: Exec, target: Parameters<typeof manifestCommand>[0]): Promise<string> {
  try {
    return (await exec(manifestCommand(target))).stdout;
  } catch (error) {
    if (error instanceof CommandError && error.fullOutput.includes("release: not found")) return "";
    throw error;
  }
}

/** kubectl refuses the whole call if the cluster does not know a kind; then there is nothing of that kind. */
async function readLive(exec: Exec, target: KubeTarget, objects: readonly ManifestObject[]): Promise<ManifestObject[]> {
  const known = new Map(objects.map((object) => [keyOf(object), object]));
  for (;;) {
    if (known.size === 0) return [];
    try {
      return parseLiveObjects((await exec(getObjectsCommand(target, [...known.values()]))).stdout);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const unknown = new Set(
        [...error.fullOutput.matchAll(/no matches for kind "([^"]+)" in version "([^"]+)"/g)].map(
          ([, kind = "", version = ""]) => `${version} ${kind}`,
        ),
      );
      const gone = [...known].filter(([, { apiVersion, kind }]) => unknown.has(`${apiVersion} ${kind}`));
      if (gone.length === 0) throw error;
      for (const [key] of gone) known.delete(key);
    }
  }
}
