/** What this hubctl was tested with; a deployment records its own in the lock file at its first install. */
export const testedVersions = {
  /** Newest first. Karpenter 1.14 supports 1.36: https://karpenter.sh/docs/upgrading/compatibility/ */
  kubernetes: ["1.36", "1.35", "1.34", "1.33"],
  charts: { jupyterhub: "4.4.0", karpenter: "1.14.1", "karpenter-crd": "1.14.1", "nvidia-device-plugin": "0.20.0" },
  provider: "5.100.0",
} as const;
