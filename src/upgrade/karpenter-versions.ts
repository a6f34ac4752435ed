import { compareVersions } from "./compare-versions.ts";

/** The oldest Karpenter for each Kubernetes version: https://karpenter.sh/docs/upgrading/compatibility/ */
const oldestFor: Readonly<Record<string, string>> = {
  "1.31": "1.0.5",
  "1.32": "1.2",
  "1.33": "1.5",
  "1.34": "1.6",
  "1.35": "1.9",
  "1.36": "1.13",
};

/** False also for a version of Kubernetes that is not in the table. */
export function karpenterSupports(karpenter: string, kubernetes: string): boolean {
  const oldest = oldestFor[kubernetes];
  return oldest !== undefined && compareVersions(karpenter, oldest) >= 0;
}

/**
 * Why Karpenter can't go from one version to the other in one step; undefined if it can. From 1.1 on all objects are
 * of API version v1, and minors may be skipped: https://karpenter.sh/docs/upgrading/upgrade-guide/
 */
export function karpenterObstacle(from: string | undefined, to: string): { why: string; first: string } | undefined {
  if (from === undefined || compareVersions(from, to) >= 0) return undefined;
  if (compareVersions(from, "1.1") < 0) {
    return {
      why: `from ${from} the way to ${to} leads over 1.0, which converts the node pools`,
      first: "follow https://karpenter.sh/docs/upgrading/v1-migration/",
    };
  }
  const [fromMajor, toMajor] = [from, to].map((version) => version.split(".")[0]);
  if (fromMajor === toMajor) return undefined;
  return {
    why: `${to} is another major version than ${from}`,
    first: "follow https://karpenter.sh/docs/upgrading/upgrade-guide/",
  };
}
