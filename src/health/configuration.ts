import { relative } from "node:path";
import { compareWithCopy, differingFiles, hashOf, readCopyManifest, type CopyManifest } from "../aws/config-copy.ts";
import { readConfigFiles, type ConfigFiles } from "../config/config-files.ts";
import { readLastSeenCopy } from "../config/last-seen-copy.ts";
import { conclude, nameSome, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

export async function checkConfiguration(scene: Scene): Promise<Finding> {
  const { aws, config, deployment, files, lock } = scene;
  const copy = await settle(readCopyManifest(aws, lock.account, config.name));
  return judgeConfiguration(scene, copy, readConfigFiles(deployment, files), readLastSeenCopy(deployment));
}

/** `copy` is what the state bucket holds of the configuration; `lastSeen` the hash of the one known here last. */
export function judgeConfiguration(
  scene: Pick<Scene, "config" | "lock" | "deployment">,
  copy: Answer<CopyManifest | undefined>,
  local: ConfigFiles,
  lastSeen: string | undefined,
): Finding {
  const { config, lock, deployment } = scene;
  const remarks: Remark[] = [];
  const wanted = config.cluster.kubernetesVersion;
  if (wanted !== undefined && wanted !== lock.kubernetes) {
    const text = `Kubernetes ${wanted} of the configuration has no effect: ${lock.kubernetes} is recorded`;
    remarks.push({ state: "warning", text, todo: `set cluster.kubernetesVersion back to ${lock.kubernetes}` });
  }
  if ("unknown" in copy) remarks.push({ state: "unknown", text: copy.unknown });
  else if (copy.value) remarks.push(...compare(scene, copy.value, local, lastSeen));
  const file = (path: string) => relative(deployment.root, path);
  return conclude(`${file(deployment.configFile)}, recorded in ${file(deployment.lockFile)}`, remarks, {
    configFile: deployment.configFile,
    lockFile: deployment.lockFile,
    id: lock.id,
    ...("value" in copy && copy.value && { installed: copy.value.saved, installedBy: copy.value.by }),
  });
}

function compare(
  scene: Pick<Scene, "config" | "lock" | "deployment">,
  copy: CopyManifest,
  local: ConfigFiles,
  lastSeen: string | undefined,
): Remark[] {
  const { config, lock } = scene;
  const fetchTheirs = `to see that one: hubctl init --fetch ${config.name} --region ${lock.region}, in an empty folder`;
  if (copy.id !== lock.id) {
    const text = `the state bucket knows another deployment named ${config.name}, which ${copy.by} installed`;
    return [{ state: "problem", text, todo: fetchTheirs }];
  }
  const files = nameSome(differingFiles(copy, local));
  const theirs = `what ${copy.by} installed at ${copy.saved} (${files})`;
  switch (compareWithCopy(copy, hashOf(local), lastSeen)) {
    case "same":
      return [];
    case "newer":
      return [{ state: "warning", text: `changed since the last install: ${files}`, todo: installAgain(scene) }];
    case "older":
      return [{ state: "warning", text: `it is older than ${theirs}`, todo: fetchTheirs }];
    case "diverged":
    case "unknown":
      return [{ state: "warning", text: `it is another one than ${theirs}`, todo: fetchTheirs }];
  }
}
