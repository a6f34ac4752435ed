import writeFileAtomic from "write-file-atomic";
import { defineStep } from "../engine/step.ts";
import type { Installation } from "./installation.ts";

export const kubeconfig = defineStep({
  id: "kubeconfig",
  title: "Write the deployment's kubeconfig",
  async check(installation: Installation) {
    const [wanted, target] = await Promise.all([installation.kubeconfigText(), installation.kubeTarget()]);
    if (wanted === undefined) return { unknown: "known once the cluster exists" };
    const { kubeconfig: file } = installation.workDir;
    if (target?.kubeconfig === file) return { done: file };
    return { change: `write ${file}`, plan: wanted };
  },
  async run(installation: Installation, text: string) {
    await writeFileAtomic(installation.workDir.kubeconfig, text, { mode: 0o600 });
    installation.forget();
  },
});
