import { defineStep, type Checked, type Report, type Step } from "../../engine/step.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import type { Cleanup } from "./cleanup.ts";

interface InClusterStep<Plan> {
  id: string;
  title: string;
  check(cleanup: Cleanup, target: KubeTarget): Promise<Checked<Plan>>;
  run(cleanup: Cleanup, target: KubeTarget, plan: Plan, report: Report): Promise<void>;
}

/** A step that asks Kubernetes to take something away; without a cluster that answers there is nothing to ask. */
export function inClusterStep<Plan>(step: InClusterStep<Plan>): Step<Cleanup> {
  return defineStep({
    id: step.id,
    title: step.title,
    async check(cleanup: Cleanup): Promise<Checked<{ target: KubeTarget; plan: Plan }>> {
      const reach = await cleanup.reach();
      if (reach.kind !== "ok") return { done: reach.why };
      const found = await step.check(cleanup, reach.target);
      return "plan" in found ? { change: found.change, plan: { target: reach.target, plan: found.plan } } : found;
    },
    run: (cleanup, { target, plan }, report) => step.run(cleanup, target, plan, report),
  });
}
