import type { Step } from "../../engine/step.ts";
import type { Release } from "../../releases/release.ts";
import { isInstalled, uninstallCommand } from "../../tools/helm.ts";
import type { Cleanup } from "./cleanup.ts";
import { inClusterStep } from "./in-cluster-step.ts";

const timeoutSeconds = 600;

export function uninstallRelease(release: Release, { title }: { title: string }): Step<Cleanup> {
  const { name, namespace } = release;
  return inClusterStep({
    id: `uninstall-${name}`,
    title,
    async check({ exec }, cluster) {
      const target = { ...cluster, release: name, namespace };
      if (!(await isInstalled(exec, target))) return { done: "not installed" };
      return { change: `uninstall ${name} from ${namespace}`, plan: target };
    },
    async run({ exec }, _, target) {
      await exec(uninstallCommand(target, timeoutSeconds));
    },
  });
}
