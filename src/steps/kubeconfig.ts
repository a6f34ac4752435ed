import writeFileAtomic from "write-file-atomic";
import { defineStep } from "../engine/step.ts";
import type { Installation } from "./installation.ts";

export const kubeconfig = defineStep({
  id: "kubeconfig",
  title: "Write the deployment's kubeconfig",
  async check(installation: Installation) {
    const [wanted, target] = await Promise.all([installation.kubeconfigText(), installation.kubeTarget()]);
    if (wanted === undefined) return { unknown: "known once the cluster exists" };
    if (target) return { done: target.kubeconfig };
    return { change: `write ${installation.workDir.kubeconfig}`, plan: wanted };
  },
  async run(installation: Installation, text: string) {
    await writeFileAtomic(installation.workDir.kubeconfig, text, { mode: 0o600 });
    installation.forget();
  },
});
