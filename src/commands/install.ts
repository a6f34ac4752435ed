import { checkSteps, hasChanges, runSteps, type CheckedList, type RunOptions } from "../engine/run-steps.ts";
import { installSteps } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";
import { formatDuration } from "../engine/format-duration.ts";
import type { Output } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";
import { classifyError } from "../engine/known-failures.ts";
import { inSession, type SessionOptions } from "./session.ts";

export interface InstallOptions extends SessionOptions {
  yes: boolean;
}

/** From wherever the deployment stands to a working hub; a no-op when all is done. */
export async function install(options: InstallOptions): Promise<void> {
  await inSession("install", options, async ({ installation, output, interrupts, journal, logger }) => {
    const { name } = installation.deployment;
    const runOptions: RunOptions = {
      output,
      interrupts,
      journal,
      classify: classifyError,
      log: (line) => logger.write(line),
      resume: `hubctl install --deployment ${name}`,
    };
    if (await installation.stateBucketReady()) await installation.takeRunLock();
    const checked = await checkSteps(installSteps, installation, runOptions);
    if (hasChanges(checked)) await confirmChanges(installation, checked, output, options.yes);
    const { steps, seconds } = await runSteps(installSteps, checked, installation, runOptions);

    const changed = steps.filter(({ outcome }) => outcome === "done");
    output.note(
      changed.length === 0
        ? `Nothing to do: ${name} is complete (checked in ${formatDuration(seconds)})`
        : `${name} is installed, in ${formatDuration(seconds)}`,
    );
    output.result(nextSteps(installation));
  });
}

async function confirmChanges(
  { config, caller, deployment }: Installation,
  checked: CheckedList,
  output: Output,
  yes: boolean,
): Promise<void> {
  const { account, arn } = await caller();
  output.note(output.style("bold", `${deployment.name} in AWS account ${account}, region ${config.aws.region}`));
  output.note(`  as ${arn}`);
  output.note(`  for https://${config.domain}`);
  output.note("What will be done:");
  for (const [id, found] of checked) {
    if ("change" in found) output.note(`  ${id}: ${found.change}`);
    if ("unknown" in found) output.note(output.style("dim", `  ${id}: ${found.unknown}`));
  }
  if (yes) return;
  await confirmOrAbort(output, {
    message: "This creates resources that cost money. Go on?",
    flag: "--yes",
    declined: "declined; nothing was touched",
  });
}

function nextSteps({ config, deployment, loadBalancer }: Installation): string {
  return [
    `The hub answers at the load balancer ${loadBalancer ?? "(not known)"}`,
    "Next:",
    `  1. point ${config.domain} there: in Route 53 an alias record (A), elsewhere a CNAME`,
    `  2. open https://${config.domain} and log in as ${config.auth.admins[0] ?? "an admin"}`,
    `  kubectl: hubctl kubeconfig --deployment ${deployment.name} > kubeconfig.yaml`,
  ].join("\n");
}
