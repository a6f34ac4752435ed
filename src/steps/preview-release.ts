import type { ObjectChange } from "../engine/object-change.ts";
import type { Exec } from "../tools/exec.ts";
import {
  dryRunCommand,
  manifestCommand,
  parseDryRun,
  type ReleaseState,
  type ReleaseTarget,
  type UpgradeOptions,
} from "../tools/helm.ts";
import { parseManifest } from "../tools/manifest.ts";
import { diffManifests } from "../tools/release-diff.ts";

interface Subject {
  target: ReleaseTarget;
  state: ReleaseState;
  upgrade: UpgradeOptions;
  anew: readonly string[];
  rollbackTo?: number;
}

/**
 * What an upgrade makes of the release's objects. The API server renders it, so that what a chart looks up in the
 * cluster, a secret that it once generated for example, is the same again. Of a release that is not there, or that an
 * interrupted Helm left, Helm can't tell.
 */
export async function previewRelease(
  exec: Exec,
  { target, state, upgrade, anew, rollbackTo }: Subject,
): Promise<ObjectChange[]> {
  if (state.kind !== "different") return [];
  const [current, wanted] = await Promise.all([
    exec(manifestCommand(target)).then(({ stdout }) => stdout),
    rollbackTo === undefined
      ? exec(dryRunCommand(target, upgrade)).then(({ stdout }) => parseDryRun(stdout))
      : exec(manifestCommand(target, rollbackTo)).then(({ stdout }) => stdout),
  ]);
  const { namespace } = target;
  return diffManifests(parseManifest(current, namespace), parseManifest(wanted, namespace), anew);
}
