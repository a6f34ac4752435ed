import { isDeepStrictEqual } from "node:util";
import type { Drift, ObjectChange } from "../engine/object-change.ts";
import { titleOf, type CheckedList } from "../engine/run-steps.ts";
import { turnsOf, type Step, type StepList } from "../engine/step.ts";
import type { Installation } from "../steps/installation.ts";
import type { Loss } from "../tools/plan-guard.ts";
import { findConsequences, type Consequence } from "./consequences.ts";
import { findStepDrift, putBackBy } from "./step-drift.ts";
import { lookAtCluster, type ClusterLook } from "./cluster-look.ts";
import type { RunningServers } from "./running-servers.ts";

/** All that a run would do, what it means for users, and what somebody else has changed. */
export interface Preview {
  deployment: string;
  domain: string;
  account: string;
  region: string;
  /** False before the first install: the plan is made on nothing. */
  isInstalled: boolean;
  hasChanges: boolean;
  steps: StepPreview[];
  drift: LayerDrift[];
  consequences: Consequence[];
  /** What a run refuses to take away unless it is named. */
  losses: readonly Loss[];
  /** Undefined while there is no cluster that could have any. */
  servers?: RunningServers;
}

/** A step that is not done. */
export interface StepPreview {
  id: string;
  title: string;
  /** What the step would do, or why that is not known yet. */
  summary: string;
  /** `wait`: nothing is changed, AWS or Kubernetes are waited for. */
  kind: "change" | "wait" | "unknown";
  /** Without what only puts drift back. */
  objects: ObjectChange[];
}

/** `step` is the one that would put it back. */
export type LayerDrift = Drift & { step: string };

/** Steps that change nothing. */
const waiting = ["eks-updates", "core-nodes", "certificate-issued", "load-balancer"];

/**
 * Tells of steps that have been checked what they would do, in detail. Changes nothing. `look` may have been begun
 * before the checks, beside which it takes no time of its own.
 */
export async function previewChanges(
  installation: Installation,
  list: StepList<Installation>,
  checked: CheckedList,
  look: Promise<ClusterLook> = lookAtCluster(installation),
): Promise<Preview> {
  const steps = turnsOf(list).flat();
  const [{ account }, { recorded }, { servers, drift: inCluster }, all] = await Promise.all([
    installation.caller(),
    installation.lock(),
    look,
    Promise.all(steps.map((step) => previewStep(installation, step, checked))),
  ]);
  const found = all.filter((preview) => preview !== undefined);
  const drift = [
    ...(["storage", "cluster"] as const).flatMap((name) => ofStep(`${name}-stack`, installation.stacks[name].drift)),
    ...[...inCluster].flatMap(([step, items]) => ofStep(step, putBackBy(checked.get(step), items))),
    ...(recorded ? findStepDrift(checked) : []),
  ];
  const { config, deployment, guard } = installation;
  const changes = [...found.flatMap(({ objects }) => objects), ...undoneInCluster(drift)];
  const emptied = guard.losses.filter(({ carriesData }) => carriesData).map(({ address }) => address);
  return {
    deployment: deployment.name,
    domain: config.domain,
    account,
    region: config.aws.region,
    isInstalled: recorded,
    hasChanges: found.some(({ kind }) => kind !== "wait"),
    steps: found.map((step) => ({ ...step, objects: withoutDrift(step.objects, drift) })),
    drift,
    consequences: findConsequences(changes, { servers, emptied }),
    losses: guard.losses,
    ...(servers && { servers }),
  };
}

async function previewStep(
  installation: Installation,
  step: Step<Installation>,
  checked: CheckedList,
): Promise<StepPreview | undefined> {
  const { id } = step;
  const title = titleOf(step, checked);
  const found = checked.get(id);
  if (!found || "done" in found) return undefined;
  if ("unknown" in found) return { id, title, summary: found.unknown, kind: "unknown", objects: [] };
  const objects = (await step.preview?.(installation, found.plan)) ?? [];
  return { id, title, summary: found.change, kind: waiting.includes(id) ? "wait" : "change", objects };
}

function ofStep(step: string, drift: readonly Drift[] = []): LayerDrift[] {
  return drift.map((item) => ({ ...item, step }));
}

/** A release's preview compares manifests; what was changed beside them, an upgrade changes as well. */
function undoneInCluster(drift: readonly LayerDrift[]): ObjectChange[] {
  return drift
    .filter(({ type, attributes, isPutBack }) => isPutBack && attributes.length > 0 && !type.startsWith("aws_"))
    .map(({ type, what, attributes }) => ({ action: "change", type, what, attributes, forcedBy: [] }));
}

/** What is made anew because it is gone, and what is changed back, is told as drift. */
function withoutDrift(objects: readonly ObjectChange[], drift: readonly LayerDrift[]): ObjectChange[] {
  return objects.flatMap((object) => {
    const back = drift.find(({ what, isPutBack }) => what === object.what && isPutBack);
    if (!back) return [object];
    if (object.action === "create") return [];
    if (object.action !== "change") return [object];
    const attributes = object.attributes.filter(
      ({ path, after }) =>
        !back.attributes.some((drifted) => drifted.path === path && isDeepStrictEqual(drifted.before, after)),
    );
    return attributes.length === 0 ? [] : [{ ...object, attributes }];
  });
}
