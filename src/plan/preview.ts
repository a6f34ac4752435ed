import type { Drift, ObjectChange } from "../engine/object-change.ts";
import type { CheckedList } from "../engine/run-steps.ts";
import type { StepList } from "../engine/step.ts";
import type { Installation } from "../steps/installation.ts";
import type { Consequence } from "./consequences.ts";
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
  drift: (Drift & { layer: string })[];
  consequences: Consequence[];
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
  objects: ObjectChange[];
}

/** Tells of steps that have been checked what they would do, in detail. Changes nothing. */
export function previewChanges(
  _installation: Installation,
  _list: StepList<Installation>,
  _checked: CheckedList,
): Promise<Preview> {
  throw new Error("not yet");
}
