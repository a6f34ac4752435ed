import type { HubConfig } from "../config/hub-config.ts";
import { defineStep, type Report, type Step } from "../engine/step.ts";
import { chartReference, wantedChart, type Release } from "../releases/release.ts";
import {
  readReleaseState,
  repairRelease,
  upgradeCommand,
  type ReleaseState,
  type ReleaseTarget,
  type UpgradeOptions,
} from "../tools/helm.ts";
import type { Installation } from "./installation.ts";
import { withPodIdentity } from "./pod-identity.ts";

interface ReleasePlan {
  target: ReleaseTarget;
  state: ReleaseState;
  upgrade: UpgradeOptions;
}

interface ReleaseStepOptions {
  id: string;
  title: string;
  usual?: number;
  /** Selects those of its pods that work with AWS through Pod Identity. */
  podIdentity?: { selector: string; isUsed?: (config: HubConfig) => boolean };
  /** What is said of a deployment that does not need it. */
  notNeeded?: string;
}

const timeoutSeconds = 15 * 60;

/** The step that installs or upgrades one Helm release, and leaves it alone when it is as wanted. */
export function releaseStep(release: Release, options: ReleaseStepOptions): Step<Installation> {
  const { podIdentity, notNeeded = "not needed", ...described } = options;
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
      if (state.kind === "current") return { done: `revision ${state.revision} is as wanted` };
      const plan: ReleasePlan = { target, state, upgrade: { chart, values, timeoutSeconds } };
      return { change: describeChange(state, wanted), plan };
    },
    async run(installation: Installation, { target, state, upgrade }: ReleasePlan, report: Report) {
      if (state.kind === "interrupted") await repairRelease(installation.exec, target, state);
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
