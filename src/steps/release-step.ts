import type { HubConfig } from "../config/hub-config.ts";
import { defineStep, type Report, type Step } from "../engine/step.ts";
import { pollUntil } from "../engine/poll.ts";
import { chartReference, wantedChart, type Release } from "../releases/release.ts";
import {
  readReleaseState,
  repairRelease,
  upgradeCommand,
  type ReleaseState,
  type ReleaseTarget,
  type UpgradeOptions,
} from "../tools/helm.ts";
import { deleteCommand, scaleCommand } from "../tools/kubectl.ts";
import { findLost, type LostObject } from "../tools/release-objects.ts";
import type { Installation } from "./installation.ts";
import { withPodIdentity } from "./pod-identity.ts";

interface ReleasePlan {
  target: ReleaseTarget;
  state: ReleaseState;
  lost: readonly LostObject[];
  upgrade: UpgradeOptions;
}

interface ReleaseStepOptions {
  id: string;
  title: string;
  usual?: number;
  /** Selects those of its pods that work with AWS through Pod Identity. */
  podIdentity?: { selector: string; isUsed?: (config: HubConfig) => boolean };
  /** A cleanup that was stopped may have taken some of its objects away, which Helm would not see. */
  checksObjects?: boolean;
  /** What is said of a deployment that does not need it. */
  notNeeded?: string;
}

const timeoutSeconds = 15 * 60;

/** The step that installs or upgrades one Helm release, and leaves it alone when it is as wanted. */
export function releaseStep(release: Release, options: ReleaseStepOptions): Step<Installation> {
  const { podIdentity, checksObjects = false, notNeeded = "not needed", ...described } = options;
  return defineStep({
    ...described,
    async check(installation: Installation) {
      if (release.isNeeded?.(installation.config) === false) return { done: notNeeded };
      const inputs = await installation.releaseInputs();
      const cluster = await installation.kubeTarget();
      if (!inputs || !cluster) return { unknown: "known once the cluster exists" };
      const missing = release.waitsFor?.(inputs);
      if (missing !== undefined) return { unknown: missing };
      const target = { ...cluster, release: release.name, namespace: release.namespace };
      const values = release.values(inputs);
      const chart = chartReference(release, installation.chartMirror, inputs.lock.charts);
      const wanted = { ...wantedChart(release, inputs.lock.charts), values };
      const state = await readReleaseState(installation.exec, target, wanted);
      const lost = state.kind === "current" && checksObjects ? await findLost(installation.exec, target) : [];
      if (state.kind === "current" && lost.length === 0) return { done: `revision ${state.revision} is as wanted` };
      const plan: ReleasePlan = { target, state, lost, upgrade: { chart, values, timeoutSeconds } };
      return { change: lost.length > 0 ? describeLost(lost) : describeChange(state, wanted), plan };
    },
    async run(installation: Installation, { target, state, lost, upgrade }: ReleasePlan, report: Report) {
      if (state.kind === "interrupted") await repairRelease(installation.exec, target, state);
      if (lost.length > 0) await clearForReturn(installation, target, lost);
      const install = () => installation.exec(upgradeCommand(target, upgrade));
      const isUsed = podIdentity?.isUsed ?? (() => true);
      if (!podIdentity || !isUsed(installation.config)) await install();
      else {
        const pods = { selector: podIdentity.selector, namespace: release.namespace };
        await withPodIdentity(installation, { target, pods, report }, install);
      }
    },
  });
}

/** Helm makes anew what is not there, and leaves alone what is: half gone or stopped as it may be. */
async function clearForReturn(
  { exec, signal }: Installation,
  target: ReleaseTarget,
  lost: readonly LostObject[],
): Promise<void> {
  for (const { kind, name, trouble, replicas } of lost) {
    const what = { resource: kind, name, namespace: target.namespace };
    if (trouble === "is stopped" && replicas !== undefined) await exec(scaleCommand(target, { ...what, replicas }));
    if (trouble === "has lost its claim") await exec(deleteCommand(target, { resource: kind, name }));
  }
  const isHalfGone = ({ trouble }: LostObject) => trouble === "is being deleted" || trouble === "has lost its claim";
  if (!lost.some(isHalfGone)) return;
  await pollUntil(async () => ((await findLost(exec, target)).some(isHalfGone) ? undefined : true), {
    what: `what is being deleted of ${target.release} to be gone`,
    everySeconds: 3,
    timeoutSeconds: 300,
    signal,
  });
}

function describeLost(lost: readonly LostObject[]): string {
  const words = lost.slice(0, 5).map(({ kind, name, trouble }) => `${kind} ${name} ${trouble}`);
  const more = lost.length - words.length;
  return `put back: ${words.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function describeChange(state: ReleaseState, wanted: { chart: string; version: string }): string {
  const chart = `${wanted.chart} ${wanted.version}`;
  switch (state.kind) {
    case "missing":
      return `install ${chart}`;
    case "interrupted":
      return `mend what an interrupted Helm left (${state.status}), then install ${chart}`;
    case "different":
      return `upgrade: ${state.reasons.join("; ")}`;
    case "current":
      return "nothing";
  }
}
