import { devicePlugin } from "../releases/device-plugin.ts";
import { hub } from "../releases/hub.ts";
import { karpenterCrd } from "../releases/karpenter-crd.ts";
import { karpenter } from "../releases/karpenter.ts";
import { platform } from "../releases/platform.ts";
import { releaseStep } from "./release-step.ts";

export const karpenterCrdRelease = releaseStep(karpenterCrd, {
  id: "karpenter-crd",
  title: "Teach the cluster Karpenter's node pools",
});

export const karpenterRelease = releaseStep(karpenter, {
  id: "karpenter",
  title: "Install Karpenter, which starts users' nodes",
  titleOfChange: "Update Karpenter, which starts users' nodes",
  usual: 60,
  podIdentity: { selector: "app.kubernetes.io/name=karpenter" },
});

export const platformRelease = releaseStep(platform, {
  id: "platform",
  title: "Install node pools, storage classes and volumes",
  titleOfChange: "Update node pools, storage classes and volumes",
  checksObjects: true,
  // The jobs that fill shared folders from a bucket.
  podIdentity: {
    selector: "app.kubernetes.io/component=fill-from-bucket",
    isUsed: ({ storage }) => storage.sharedFolders.some(({ fillFrom }) => fillFrom?.startsWith("s3://")),
  },
});

export const devicePluginRelease = releaseStep(devicePlugin, {
  id: "device-plugin",
  title: "Install the plugin that offers GPUs",
  titleOfChange: "Update the plugin that offers GPUs",
  notNeeded: "no profile has GPUs",
});

export const hubRelease = releaseStep(hub, {
  id: "hub",
  title: "Install the hub",
  titleOfChange: "Update the hub",
  usual: 90,
  checksObjects: true,
});
