import { relative } from "node:path";
import { conclude, type Finding, type Remark } from "./layer.ts";
import type { Scene } from "./scene.ts";

export function checkConfiguration(scene: Pick<Scene, "config" | "lock" | "deployment">): Finding {
  const { config, lock, deployment } = scene;
  const remarks: Remark[] = [];
  const wanted = config.cluster.kubernetesVersion;
  if (wanted !== undefined && wanted !== lock.kubernetes) {
    const text = `Kubernetes ${wanted} of the configuration has no effect: ${lock.kubernetes} is recorded`;
    remarks.push({ state: "warning", text, todo: `set cluster.kubernetesVersion back to ${lock.kubernetes}` });
  }
  const file = (path: string) => relative(deployment.root, path);
  return conclude(`${file(deployment.configFile)}, recorded in ${file(deployment.lockFile)}`, remarks, {
    configFile: deployment.configFile,
    lockFile: deployment.lockFile,
    id: lock.id,
  });
}
