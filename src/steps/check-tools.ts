import { SeveralErrors, UserError } from "../errors.ts";
import { defineStep } from "../engine/step.ts";
import { clientVersionCommand, parseClientVersion } from "../tools/kubectl.ts";
import { versionCommand } from "../tools/helm.ts";
import type { Exec } from "../tools/exec.ts";
import type { Installation } from "./installation.ts";

export const checkTools = defineStep<Installation, never>({
  id: "check-tools",
  title: "Check tools",
  async check({ terraform, exec }) {
    const asked = await Promise.allSettled([
      terraform().then(({ flavor, version }) => `${flavor} ${version}`),
      helmVersion(exec),
      exec(clientVersionCommand()).then(({ stdout }) => `kubectl ${parseClientVersion(stdout)}`),
    ]);
    // All that is missing at once: nobody wants to install one tool after the other.
    const errors = asked.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new SeveralErrors(errors);
    return { done: asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])).join(", ") };
  },
  run: () => Promise.resolve(),
});

async function helmVersion(exec: Exec): Promise<string> {
  const version = (await exec(versionCommand())).stdout.trim();
  // Values on standard input, waiting and server-side apply are used as Helm 4 has them; Helm 3 gets no security fixes.
  if (version.startsWith("v4.")) return `helm ${version}`;
  throw new UserError("HelmTooOld", `hubctl needs Helm 4; this is ${version}`, {
    hint: "install Helm 4 (https://helm.sh/docs/intro/install/)",
  });
}
