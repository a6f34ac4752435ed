import type { Drift } from "../engine/object-change.ts";
import type { CheckedList } from "../engine/run-steps.ts";
import type { Checked } from "../engine/step.ts";
import type { LayerDrift } from "./preview.ts";

/** Steps whose work is done in the same run as that of another one: if only theirs is missing, somebody took it away. */
const companions: Readonly<Record<string, string>> = {
  "state-bucket": "cluster-stack",
  certificate: "hub",
  "mount-targets": "cluster-stack",
  "alias-record": "hub",
};

/** Of an installed deployment: what has changed that is neither a resource of Terraform's nor a release's object. */
export function findStepDrift(checked: CheckedList): LayerDrift[] {
  const common: Pick<LayerDrift, "kind" | "attributes"> = { kind: "changed", attributes: [] };
  const left = [...checked].flatMap(([step, found]): LayerDrift[] =>
    "done" in found && found.drift !== undefined
      ? [{ ...common, step, type: step, what: found.drift, isPutBack: false }]
      : [],
  );
  const gone = Object.entries(companions).flatMap(([step, companion]): LayerDrift[] => {
    const found = checked.get(step);
    const other = checked.get(companion);
    if (!found || !("change" in found) || !other || !("done" in other)) return [];
    return [{ ...common, step, type: step, what: found.change, isPutBack: true }];
  });
  return [...left, ...gone];
}

/** An upgrade of a release makes its objects what they should be; otherwise only what is put back is. */
export function putBackBy(found: Checked<unknown> | undefined, drift: readonly Drift[]): Drift[] {
  return drift.map((item) => ({ ...item, isPutBack: found !== undefined && "change" in found }));
}
