import { rm } from "node:fs/promises";
import { removeState } from "../aws/remove-state.ts";
import { readLock } from "../config/lock-file.ts";
import { formatDuration } from "../engine/format-duration.ts";
import { classifyError } from "../engine/known-failures.ts";
import { checkSteps, hasChanges, runSteps, type CheckedList, type RunOptions } from "../engine/run-steps.ts";
import { turnsOf } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import { asCleanup, type Cleanup, type DataChoice } from "../steps/cleanup/cleanup.ts";
import { cleanupSteps } from "../steps/index.ts";
import type { Output } from "../ui/output.ts";
import { chooseOrAbort, confirmOrAbort, typeOrAbort } from "../ui/prompts.ts";
import { inSession, type SessionOptions } from "./session.ts";

export interface CleanupOptions extends SessionOptions {
  data?: DataChoice;
  yes: boolean;
  /** The deployment's name, which agrees to the loss of its data. */
  confirm?: string;
  dryRun: boolean;
}

/** Takes a deployment away, in an order in which nothing is left behind. */
export async function cleanup(options: CleanupOptions): Promise<void> {
  await inSession("cleanup", { ...options, needsSecrets: false }, async (session) => {
    const { installation, output, interrupts, journal, logger } = session;
    const { name, lockFile } = installation.deployment;
    const id = readLock(lockFile)?.id;
    if (id === undefined) {
      // Taking the run lock compares with the state bucket, which may know of an installation that is not known here.
      if (await installation.stateBucketReady()) await installation.takeRunLock();
      output.result(`Nothing to do: ${name} is not installed; hubctl audit finds what else there may be`);
      return;
    }
    const data = options.data ?? (await chooseData(output));
    const runOptions: RunOptions = {
      output,
      interrupts,
      journal,
      classify: classifyError,
      log: (line) => logger.write(line),
      resume: `hubctl cleanup --deployment ${name} --data ${data}`,
    };
    const steps = cleanupSteps(data);
    const context = asCleanup(installation, { data, id });
    const checked = await checkSteps(steps, context, runOptions);
    if (!hasChanges(checked) && !(data === "delete" && (await context.stateBucketReady()))) {
      output.result(`Nothing to do: nothing of ${name} is left${data === "keep" ? " but its data" : ""}`);
      return;
    }
    for (const line of describeLoss(context, checked)) output.note(line);
    if (options.dryRun) return;
    await agree(context, output, options);
    const { seconds } = await runSteps(steps, checked, context, runOptions);
    if (data === "delete") await forgetDeployment(context);
    const stays = data === "keep" ? "; its data stays, and the next install takes it over" : "";
    output.result(`${name} is taken away, in ${formatDuration(seconds)}${stays}`);
  });
}

/**
 * Last of all, since state and lock file are what finds the rest again. An id is never used twice: the name of a secret
 * that waits for its end is not free.
 */
async function forgetDeployment(cleanup: Cleanup): Promise<void> {
  if (await cleanup.stateBucketReady()) {
    const { account } = await cleanup.caller();
    await cleanup.leaveStateBucket();
    await removeState(cleanup.aws, { account, deployment: cleanup.config.name });
  }
  const { deployment, workDir } = cleanup;
  const left = [deployment.lockFile, workDir.kubeconfig, workDir.terraform("storage"), workDir.terraform("cluster")];
  await Promise.all(left.map((path) => rm(path, { recursive: true, force: true })));
}

function chooseData(output: Output): Promise<DataChoice> {
  return chooseOrAbort<DataChoice>(
    output,
    [
      { value: "keep", name: "keep: homes, shared folders and secrets stay, and the next install takes them over" },
      { value: "delete", name: "delete: nothing stays" },
    ],
    { message: "What about users' data?", flag: "--data keep or --data delete" },
  );
}

function describeLoss({ config, data }: Cleanup, checked: CheckedList): string[] {
  const lines = turnsOf(cleanupSteps(data))
    .flat()
    .flatMap(({ id, title }) => {
      const found = checked.get(id);
      if (!found || "done" in found) return [];
      return [`  • ${title}${"change" in found ? `: ${found.change}` : ""}`];
    });
  return [
    `What will be taken away of ${config.name}:`,
    ...lines,
    data === "keep" ? "Homes, shared folders and secrets stay." : "Homes and shared folders are lost for good.",
  ];
}

async function agree({ config, data }: Cleanup, output: Output, { yes, confirm }: CleanupOptions): Promise<void> {
  const declined = "declined; nothing was touched";
  if (data === "delete") {
    if (confirm === config.name) return;
    if (confirm !== undefined) {
      throw new UserError("WrongName", `--confirm ${confirm} is not the name of the deployment`, {
        hint: `to delete its data: --confirm ${config.name}`,
      });
    }
    const message = `All data will be lost. Type the deployment's name (${config.name}) to go on:`;
    await typeOrAbort(output, config.name, { message, flag: `--confirm ${config.name}`, declined });
    return;
  }
  if (!yes) await confirmOrAbort(output, { message: "Go on?", flag: "--yes", declined });
}
