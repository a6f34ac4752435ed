import type { StepList } from "../engine/step.ts";
import { devicePlugin } from "../releases/device-plugin.ts";
import { hub } from "../releases/hub.ts";
import { karpenterCrd } from "../releases/karpenter-crd.ts";
import { karpenter } from "../releases/karpenter.ts";
import { platform } from "../releases/platform.ts";
import { backUpHomes, copyDatabaseNow, type BackupRun } from "./backup/create.ts";
import { restoreHome, type HomeRestore } from "./backup/restore-home.ts";
import { certificate } from "./certificate.ts";
import { certificateIssued } from "./certificate-issued.ts";
import { aliasRecord } from "./alias-record.ts";
import { checkLogin } from "./check-login.ts";
import { checkTools } from "./check-tools.ts";
import { removeAliasRecord } from "./cleanup/alias-record.ts";
import { removeCertificate } from "./cleanup/certificate.ts";
import { removeClaims } from "./cleanup/claims.ts";
import type { Cleanup, DataChoice } from "./cleanup/cleanup.ts";
import { destroyStack } from "./cleanup/destroy-stack.ts";
import { evenIfItFails } from "./cleanup/even-if-it-fails.ts";
import { copyHubDatabase } from "./cleanup/hub-database.ts";
import { removeLoadBalancer } from "./cleanup/load-balancer.ts";
import { removeMountTargets } from "./cleanup/mount-targets.ts";
import { removeNamespaces } from "./cleanup/namespaces.ts";
import { proveEmpty } from "./cleanup/prove-empty.ts";
import { removeState } from "./cleanup/remove-state.ts";
import { stopServers } from "./cleanup/stop-servers.ts";
import { sweep } from "./cleanup/sweep.ts";
import { takeLock } from "./cleanup/take-lock.ts";
import { uninstallRelease } from "./cleanup/uninstall-release.ts";
import { removeUserNodes } from "./cleanup/user-nodes.ts";
import type { Reached } from "./cluster-reach.ts";
import { clusterStack } from "./cluster-stack.ts";
import { coreNodes } from "./core-nodes.ts";
import { replaceDatabase, type DatabaseRestore } from "./database/restore-step.ts";
import { generatedSecrets } from "./generated-secrets.ts";
import { eksUpdates } from "./eks-updates.ts";
import { devicePluginRelease, hubRelease, karpenterCrdRelease, karpenterRelease, platformRelease } from "./releases.ts";
import type { Installation } from "./installation.ts";
import { closeHub, openHub } from "./hub-doors.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { moveHubDatabase } from "./hub-database-move.ts";
import { loadBalancer } from "./load-balancer.ts";
import { mountTargets } from "./mount-targets.ts";
import { endUserNodes, startCoreNodes, stopCoreNodes } from "./pause/nodes.ts";
import { endPause, recordPause } from "./pause/record-pause.ts";
import { warnUsers, type Pausing } from "./pause/warn-users.ts";
import { recordVersions } from "./record-versions.ts";
import { stateBucket } from "./state-bucket.ts";
import { storageStack } from "./storage-stack.ts";
import { versionsFit } from "./versions-fit.ts";

/** From an empty account to a hub that answers at its domain. */
export const installSteps: StepList<Installation> = [
  checkTools,
  checkLogin,
  versionsFit,
  recordVersions,
  stateBucket,
  eksUpdates,
  { sideBySide: [storageStack, clusterStack, certificate] },
  generatedSecrets,
  mountTargets,
  kubeconfig,
  coreNodes,
  {
    inOrder: [
      karpenterCrdRelease,
      karpenterRelease,
      moveHubDatabase,
      platformRelease,
      devicePluginRelease,
      certificateIssued,
      hubRelease,
      loadBalancer,
      aliasRecord,
    ],
  },
];

/** From whatever is there to nothing, or to nothing but the data; then AWS is asked whether that is so. */
export function cleanupSteps(data: DataChoice): StepList<Cleanup> {
  return [
    checkTools,
    checkLogin,
    takeLock,
    evenIfItFails(stopServers),
    copyHubDatabase,
    ...[
      removeAliasRecord,
      removeLoadBalancer,
      uninstallRelease(hub, { title: "Uninstall the hub" }),
      removeClaims,
      removeUserNodes,
      uninstallRelease(devicePlugin, { title: "Uninstall the plugin that offers GPUs" }),
      uninstallRelease(platform, { title: "Uninstall node pools, storage classes and volumes" }),
      uninstallRelease(karpenter, { title: "Uninstall Karpenter" }),
      uninstallRelease(karpenterCrd, { title: "Uninstall Karpenter's definitions" }),
      removeNamespaces,
      removeMountTargets,
      destroyStack("cluster", { title: "Destroy the cluster, its nodes and its VPC" }),
      removeCertificate,
      sweep("cluster", { title: "Delete what controllers and AWS left of it" }),
      endPause,
    ].map(evenIfItFails),
    ...(data === "keep"
      ? []
      : [
          destroyStack("storage", { title: "Destroy the data: file system, secrets" }),
          sweep("storage", { title: "Delete what is left of the data" }),
        ].map(evenIfItFails)),
    proveEmpty,
    removeState,
  ];
}

/** A copy of the hub's database and a recovery point of the homes, beside those that are made by the clock. */
export const backupSteps: StepList<BackupRun> = [
  checkTools,
  checkLogin,
  takeLock,
  { sideBySide: [copyDatabaseNow, backUpHomes] },
];

export const restoreDatabaseSteps: StepList<DatabaseRestore> = [
  checkTools,
  checkLogin,
  takeLock,
  closeHub,
  replaceDatabase,
  openHub,
];

export const restoreHomeSteps: StepList<HomeRestore> = [checkTools, checkLogin, takeLock, restoreHome];

/** Down to what holds data, and what the domain leads to. */
export const pauseSteps: StepList<Pausing> = [
  checkTools,
  checkLogin,
  takeLock,
  recordPause,
  warnUsers,
  closeHub,
  endUserNodes,
  stopCoreNodes,
];

export const resumeSteps: StepList<Reached> = [checkTools, checkLogin, takeLock, startCoreNodes, openHub, endPause];

/** Takes away what users see, and nothing else: accounts, homes and cluster wait for the next install. */
export const hubOnlySteps: StepList<Cleanup> = [
  checkTools,
  checkLogin,
  takeLock,
  stopServers,
  removeAliasRecord,
  removeLoadBalancer,
  uninstallRelease(hub, { title: "Uninstall the hub" }),
];
