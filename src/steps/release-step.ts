import type { HubConfig } from "../config/hub-config.ts";
import { defineStep, type Report, type Step } from "../engine/step.ts";
import { pollUntil } from "../engine/poll.ts";
import { chartReference, wantedChart, type Release } from "../releases/release.ts";
import {
  findFormerRevision,
  manifestCommand,
  readReleaseState,
  repairRelease,
  rollbackCommand,
  templateCommand,
  upgradeCommand,
  type ReleaseState,
  type ReleaseTarget,
  type UpgradeOptions,
  type WantedRelease,
} from "../tools/helm.ts";
import { deleteCommand, scaleCommand } from "../tools/kubectl.ts";
import type { Loss } from "../tools/plan-guard.ts";
import { findReleaseLosses } from "../tools/release-guard.ts";
import { findLost, type LostObject } from "../tools/release-objects.ts";
import type { Installation } from "./installation.ts";
import { deleteForReturn } from "./make-way.ts";
import { withPodIdentity } from "./pod-identity.ts";
import { previewRelease } from "./preview-release.ts";

interface ReleasePlan {
  target: ReleaseTarget;
  state: ReleaseState;
  lost: readonly LostObject[];
  /** Addresses of objects that can't be changed as wanted, and may be made anew. */
  anew: readonly string[];
  upgrade: UpgradeOptions;
  /** The former revision that is just what is wanted. */
  rollbackTo?: number;
}

interface ReleaseStepOptions {
  id: string;
  title: string;
  /** Where the release is there. */
  titleOfChange?: string;
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
  const { podIdentity, checksObjects = false, notNeeded = "not needed", titleOfChange, ...described } = options;
  return defineStep({
    ...described,
    async check(installation: Installation) {
      const { exec, guard } = installation;
      if (release.isNeeded?.(installation.config) === false) return { done: notNeeded };
      const inputs = await installation.releaseInputs();
      const cluster = await installation.kubeTarget();
      if (!inputs || !cluster) return { unknown: "known once the cluster exists" };
      const target = { ...cluster, release: release.name, namespace: release.namespace };
      const values = release.values(inputs);
      const chart = chartReference(release, installation.chartMirror, inputs.lock.charts);
      const wanted = { ...wantedChart(release, inputs.lock.charts), values };
      const state = await readReleaseState(exec, target, wanted);
      const missing = release.waitsFor?.(inputs);
      const lost = state.kind === "current" && checksObjects ? await findLost(exec, target) : [];
      if (missing === undefined && state.kind === "current" && lost.length === 0) {
        guard.weigh(options.id, []);
        return { done: `revision ${state.revision} is as wanted` };
      }
      const upgrade = { chart, values, timeoutSeconds };
      const rollbackTo = await findWayBack(installation, target, state, wanted);
      const losses = await findLosses(installation, target, state, { upgrade, rollbackTo });
      guard.weigh(options.id, losses);
      if (missing !== undefined) return { unknown: missing };
      const plan: ReleasePlan = {
        target,
        state,
        lost,
        anew: losses.filter(({ verb }) => verb === "replace").map(({ address }) => address),
        upgrade,
        ...(rollbackTo === undefined ? {} : { rollbackTo }),
      };
      const isThere = state.kind === "different" || state.kind === "current";
      return {
        change: lost.length > 0 ? describeLost(lost) : describeChange(state, wanted, rollbackTo),
        plan,
        ...(titleOfChange !== undefined && isThere && { title: titleOfChange }),
      };
    },
    preview: ({ exec }: Installation, plan: ReleasePlan) => previewRelease(exec, plan),
    async run(installation: Installation, plan: ReleasePlan, report: Report) {
      const { target, state, lost, anew, upgrade, rollbackTo } = plan;
      const { exec } = installation;
      if (state.kind === "interrupted") await repairRelease(exec, target, state);
      if (lost.length > 0) await clearForReturn(installation, target, lost);
      if (anew.length > 0) await deleteForReturn(installation, target, anew, report);
      const install = () =>
        exec(rollbackTo === undefined ? upgradeCommand(target, upgrade) : rollbackCommand(target, rollbackTo));
      const isUsed = podIdentity?.isUsed ?? (() => true);
      if (!podIdentity || !isUsed(installation.config)) await install();
      else {
        const pods = { selector: podIdentity.selector, namespace: release.namespace };
        await withPodIdentity(installation, { target, pods, report }, install);
      }
    },
  });
}

async function findWayBack(
  { exec, rollsBack }: Installation,
  target: ReleaseTarget,
  state: ReleaseState,
  wanted: WantedRelease,
): Promise<number | undefined> {
  return rollsBack && state.kind === "different" ? findFormerRevision(exec, target, wanted) : undefined;
}

/** What the release holds now is compared with what it is to hold. */
async function findLosses(
  { exec, lock }: Installation,
  target: ReleaseTarget,
  state: ReleaseState,
  { upgrade, rollbackTo }: { upgrade: UpgradeOptions; rollbackTo: number | undefined },
): Promise<Loss[]> {
  // What is as it should be, and was only damaged, is put back as it was.
  if (state.kind === "missing" || state.kind === "current") return [];
  const kubeVersion = (await lock()).lock.kubernetes;
  const [current, wanted] = await Promise.all([
    exec(manifestCommand(target, state.kind === "interrupted" ? state.rollbackTo : undefined)),
    exec(
      rollbackTo === undefined
        ? templateCommand(target, { ...upgrade, kubeVersion })
        : manifestCommand(target, rollbackTo),
    ),
  ]);
  return findReleaseLosses(current.stdout, wanted.stdout, target.namespace);
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

function describeChange(
  state: ReleaseState,
  wanted: { chart: string; version: string },
  rollbackTo: number | undefined,
): string {
  const chart = `${wanted.chart} ${wanted.version}`;
  switch (state.kind) {
    case "missing":
      return `install ${chart}`;
    case "interrupted":
      return `mend what an interrupted Helm left (${state.status}), then install ${chart}`;
    case "different":
      return `${rollbackTo === undefined ? "" : `back to revision ${rollbackTo}: `}${state.reasons.join("; ")}`;
    case "current":
      return "nothing";
  }
}
