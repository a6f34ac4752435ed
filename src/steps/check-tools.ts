import { UserError } from "../errors.ts";
import { defineStep } from "../engine/step.ts";
import { clientVersionCommand, parseClientVersion } from "../tools/kubectl.ts";
import { versionCommand } from "../tools/helm.ts";
import type { Installation } from "./installation.ts";

export const checkTools = defineStep<Installation, never>({
  id: "check-tools",
  title: "Check tools",
  async check({ terraform, exec }) {
    const [binary, helm, kubectl] = await Promise.all([
      terraform(),
      exec(versionCommand()).then(({ stdout }) => stdout.trim()),
      exec(clientVersionCommand()).then(({ stdout }) => parseClientVersion(stdout)),
    ]);
    // Values on standard input, waiting and server-side apply are used as Helm 4 has them; Helm 3 gets no security fixes.
    if (!helm.startsWith("v4.")) {
      throw new UserError("HelmTooOld", `hubctl needs Helm 4; this is ${helm}`, {
        hint: "install Helm 4 (https://helm.sh/docs/intro/install/)",
      });
    }
    return { done: `${binary.flavor} ${binary.version}, helm ${helm}, kubectl ${kubectl}` };
  },
  run: () => Promise.resolve(),
});
