/** What `update --upgrade` takes: kubernetes moves one minor; all is everything, as far as it goes in one run. */
export const upgradeTargets = ["kubernetes", "nodes", "addons", "hub", "all"] as const;
export type UpgradeTarget = (typeof upgradeTargets)[number];
