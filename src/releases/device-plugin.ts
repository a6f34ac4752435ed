import type { HubConfig } from "../config/hub-config.ts";
import { testedVersions } from "../versions.ts";
import { gpuLabel } from "./node-purpose.ts";
import type { Release } from "./release.ts";

/** Tells Kubernetes of the GPUs of a node; without it none can be asked for. */
export const devicePlugin: Release = {
  name: "nvidia-device-plugin",
  namespace: "kube-system",
  chart: {
    name: "nvidia-device-plugin",
    version: testedVersions.charts["nvidia-device-plugin"],
    repository: "https://nvidia.github.io/k8s-device-plugin",
  },
  isNeeded: ({ profiles }: HubConfig) => profiles.some(({ gpus }) => gpus > 0),
  values: () => ({
    // In place of the chart's affinity, which asks for labels of a second program as well.
    affinity: null,
    nodeSelector: { [gpuLabel]: "true" },
    tolerations: [{ operator: "Exists" }],
  }),
};
