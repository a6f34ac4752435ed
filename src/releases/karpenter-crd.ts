import { testedVersions } from "../versions.ts";
import type { Release } from "./release.ts";

/** A release of its own, because Helm never upgrades definitions that lie in a chart's `crds` folder. */
export const karpenterCrd: Release = {
  name: "karpenter-crd",
  namespace: "kube-system",
  chart: {
    name: "karpenter-crd",
    version: testedVersions.charts["karpenter-crd"],
    repository: "oci://public.ecr.aws/karpenter",
  },
  values: () => ({}),
};
