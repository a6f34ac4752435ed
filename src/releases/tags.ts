import type { ReleaseInputs } from "./inputs.ts";

/** What proves that something in AWS belongs to this deployment; these never change during its life. */
export function ownershipTags({ config, lock }: Pick<ReleaseInputs, "config" | "lock">): Record<string, string> {
  return { "hubctl:deployment": config.name, "hubctl:id": lock.id, "hubctl:stack": "cluster" };
}

/** The operator's own tags and the ownership tags, which win. */
export function resourceTags(inputs: Pick<ReleaseInputs, "config" | "lock">): Record<string, string> {
  return { ...inputs.config.tags, ...ownershipTags(inputs) };
}
