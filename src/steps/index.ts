import type { StepList } from "../engine/step.ts";
import { checkLogin } from "./check-login.ts";
import { checkTools } from "./check-tools.ts";
import { clusterStack } from "./cluster-stack.ts";
import { coreNodes } from "./core-nodes.ts";
import { generatedSecrets } from "./generated-secrets.ts";
import { hubRelease, karpenterCrdRelease, karpenterRelease, platformRelease } from "./releases.ts";
import type { Installation } from "./installation.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { loadBalancer } from "./load-balancer.ts";
import { mountTargets } from "./mount-targets.ts";
import { recordVersions } from "./record-versions.ts";
import { stateBucket } from "./state-bucket.ts";
import { storageStack } from "./storage-stack.ts";

/** From an empty account to a hub that answers at its load balancer. */
export const installSteps: StepList<Installation> = [
  checkTools,
  checkLogin,
  recordVersions,
  stateBucket,
  { sideBySide: [storageStack, clusterStack] },
  generatedSecrets,
  mountTargets,
  kubeconfig,
  coreNodes,
  { inOrder: [karpenterCrdRelease, karpenterRelease, platformRelease, hubRelease, loadBalancer] },
];
