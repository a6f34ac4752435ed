import { checkSteps, hasChanges, runSteps, type CheckedList, type RunOptions } from "../engine/run-steps.ts";
import { installSteps } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";
import { earlierStepSeconds } from "../engine/run-history.ts";
import { formatDuration } from "../engine/format-duration.ts";
import type { Output } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";
import { classifyError } from "../engine/known-failures.ts";
import { describeIntent, describeOutcome } from "./install-screens.ts";
import { offerCertificate } from "./offer-certificate.ts";
import { inSession, type SessionOptions } from "./session.ts";

export interface InstallOptions extends SessionOptions {
  yes: boolean;
}

/** From wherever the deployment stands to a working hub; a no-op when all is done. */
export async function install(options: InstallOptions): Promise<void> {
  await inSession(
    "install",
    { ...options, keepsConfig: true },
    async ({ installation, output, interrupts, journal, logger }) => {
      const { name } = installation.deployment;
      const runOptions: RunOptions = {
        output,
        interrupts,
        journal,
        classify: classifyError,
        log: (line) => logger.write(line),
        resume: [`hubctl install --deployment ${name}`, ...(options.set ?? []).map(describeOverride)].join(" "),
        earlier: earlierStepSeconds(installation.workDir.journal),
        whereToLook: `hubctl status --deployment ${name} tells what is not well, and ${logger.path} what has happened so far`,
      };
      const started = performance.now();
      const found = await checkSteps(installSteps, installation, runOptions);
      const checked = await offerCertificate(found, output, options);
      if (hasChanges(checked)) await confirmChanges(installation, checked, output, options.yes);
      const result = await runSteps(installSteps, checked, installation, runOptions);
      if (!result.steps.some(({ outcome }) => outcome === "done")) {
        output.note(
          `Nothing to do: ${name} is complete (checked in ${formatDuration((performance.now() - started) / 1000)})`,
        );
      }
      output.result(describeOutcome(installation, result));
    },
  );
}

/** As one would type it in a shell. */
function describeOverride(entry: string): string {
  const isPlain = /^[\w@%+=:,./-]+$/.test(entry);
  return `--set ${isPlain ? entry : `'${entry.replaceAll("'", String.raw`'\''`)}'`}`;
}

async function confirmChanges(
  installation: Installation,
  checked: CheckedList,
  output: Output,
  yes: boolean,
): Promise<void> {
  const lines = await describeIntent(installation, installSteps, checked, output);
  for (const line of lines) output.note(line);
  if (yes) return;
  await confirmOrAbort(output, {
    message: "AWS charges for what this creates, until it is removed. Go on?",
    flag: "--yes",
    declined: "declined; nothing was touched",
  });
}
