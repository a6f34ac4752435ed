import type { HubConfig } from "../config/hub-config.ts";

/** From so many days on, the end of support is a warning. */
export const noticeDays = 90;

/** What becomes of a cluster whose Kubernetes is out of standard support. */
export function afterStandardSupport({ supportPolicy }: Pick<HubConfig["cluster"], "supportPolicy">): string {
  return supportPolicy === "EXTENDED"
    ? "an hour of the cluster costs six times as much"
    : "AWS updates the cluster by itself";
}
