import { formatDuration } from "../engine/format-duration.ts";
import { classifyError } from "../engine/known-failures.ts";
import { checkSteps, hasChanges, runSteps, type RunOptions } from "../engine/run-steps.ts";
import { readLock } from "../config/lock-file.ts";
import { UserError } from "../errors.ts";
import { leftoversIn } from "../steps/cleanup/belongings.ts";
import { asCleanup, type Cleanup, type DataChoice } from "../steps/cleanup/cleanup.ts";
import { cleanupSteps, hubOnlySteps } from "../steps/index.ts";
import type { Output } from "../ui/output.ts";
import { chooseOrAbort, confirmOrAbort, typeOrAbort } from "../ui/prompts.ts";
import { describeAudit, describeHubOnly, describeIntent } from "./cleanup-screens.ts";
import { refuseLeftBehind } from "./cleanup-unrecorded.ts";
import { inSession, type Session, type SessionOptions } from "./session.ts";

export interface CleanupOptions extends SessionOptions {
  /** The hub alone; cluster and data stay. */
  only?: "hub";
  data?: DataChoice;
  yes: boolean;
  /** The deployment's name, which agrees to the loss of its data. */
  confirm?: string;
  withoutHubDatabase: boolean;
  dryRun: boolean;
}

/** Takes a deployment away, in an order in which nothing is left behind, and has AWS say so. */
export async function cleanup(options: CleanupOptions): Promise<void> {
  refuseMisfits(options);
  const little = { ...options, needsSecrets: false, needsCertificate: false };
  await inSession("cleanup", little, async (session) => {
    const { installation, output } = session;
    const id = readLock(installation.deployment.lockFile)?.id;
    if (id === undefined) {
      // Taking the run lock compares with the state bucket, which may know of an installation that is not known here.
      if (await installation.stateBucketReady()) await installation.takeRunLock();
      await refuseLeftBehind(installation);
      output.result(`Nothing to do: ${installation.config.name} is not installed`);
      return;
    }
    const { withoutHubDatabase } = options;
    if (options.only === "hub") {
      await takeHubAway(session, asCleanup(installation, { data: "keep", id, withoutHubDatabase }), options);
      return;
    }
    const data = options.data ?? (await chooseData(output));
    await takeAway(session, asCleanup(installation, { data, id, withoutHubDatabase }), options);
  }).catch((error: unknown) => {
    throw error instanceof UserError && error.code === "DeploymentNotFound" ? withOtherWays(error, options) : error;
  });
}

/** Whoever has lost the configuration can get it back, or do without. */
function withOtherWays({ code, message, hint }: UserError, { deployment = "NAME" }: CleanupOptions): UserError {
  return new UserError(code, message, {
    hint: [
      ...(hint === undefined ? [] : [hint]),
      `if its files are lost: hubctl init --fetch ${deployment} brings them back from the state bucket`,
      `without any files: hubctl audit --deployment ${deployment} shows what is there, and with --delete takes orphans away`,
    ].join("\n  "),
  });
}

function refuseMisfits({ only, data, confirm, withoutHubDatabase }: CleanupOptions): void {
  if (data === "delete" && withoutHubDatabase) {
    throw new UserError("OptionsMisfit", "--data delete copies no database, so --without-hub-database has no meaning", {
      hint: "leave it out; or take --data keep, if the data is to stay",
    });
  }
  const misfit = data !== undefined ? "--data" : confirm !== undefined ? "--confirm" : undefined;
  if (only === undefined || (misfit === undefined && !withoutHubDatabase)) return;
  throw new UserError(
    "OptionsMisfit",
    `--only hub leaves all data alone, so ${misfit ?? "--without-hub-database"} has no meaning`,
    {
      hint: "leave one of the two out",
    },
  );
}

async function takeAway(session: Session, cleanup: Cleanup, options: CleanupOptions): Promise<void> {
  const { output } = session;
  const { config, data } = cleanup;
  refuseWrongName(cleanup, options);
  const agreed = options.confirm === undefined ? "" : ` --confirm ${options.confirm}`;
  const runOptions = runOptionsOf(session, `--data ${data}${agreed}`);
  const steps = cleanupSteps(data);
  const checked = await checkSteps(steps, cleanup, runOptions);
  if (!hasChanges(checked)) {
    output.result([`Nothing to do: ${config.name} is taken away`, ...(await describeAudit(cleanup))].join("\n"));
    return;
  }
  for (const line of await describeIntent(cleanup, steps, checked, output)) output.note(line);
  if (options.dryRun) return;
  await agree(cleanup, output, options);
  const { seconds } = await runSteps(steps, checked, cleanup, runOptions);
  const audit = await describeAudit(cleanup);
  output.result([`${config.name} is taken away, in ${formatDuration(seconds)}`, ...audit].join("\n"));
}

async function takeHubAway(session: Session, cleanup: Cleanup, options: CleanupOptions): Promise<void> {
  const { output } = session;
  const { name } = cleanup.config;
  const runOptions = runOptionsOf(session, "--only hub");
  const checked = await checkSteps(hubOnlySteps, cleanup, runOptions);
  // Asked after the run lock is taken: another run's Terraform is not to be waited for.
  const reach = await cleanup.reach();
  if (reach.kind === "unreachable") {
    throw new UserError("ClusterUnreachable", `the hub can't be taken out of its cluster: ${reach.why}`, {
      hint: "run it where the cluster can be reached, as one who may administer it",
    });
  }
  if (!hasChanges(checked)) {
    output.result(`Nothing to do: the hub of ${name} is not there`);
    return;
  }
  for (const line of describeHubOnly(cleanup, hubOnlySteps, checked, output)) output.note(line);
  if (options.dryRun) return;
  if (!options.yes) {
    await confirmOrAbort(output, { message: "Go on?", flag: "--yes", declined: "declined; nothing was touched" });
  }
  const { seconds } = await runSteps(hubOnlySteps, checked, cleanup, runOptions);
  output.result(
    `The hub of ${name} is taken away, in ${formatDuration(seconds)}; hubctl install brings it back with its accounts and homes`,
  );
}

function refuseWrongName({ config, data }: Cleanup, { confirm }: CleanupOptions): void {
  if (confirm === undefined || confirm === config.name) return;
  throw new UserError("WrongName", `--confirm ${confirm} is not the name of the deployment`, {
    hint: data === "delete" ? `to delete its data: --confirm ${config.name}` : "leave it out: no data is deleted",
  });
}

function runOptionsOf({ installation, output, interrupts, journal, logger }: Session, choice: string): RunOptions {
  return {
    output,
    interrupts,
    journal,
    classify: classifyError,
    log: (line) => logger.write(line),
    resume: `hubctl cleanup --deployment ${installation.deployment.name} ${choice}`,
  };
}

function chooseData(output: Output): Promise<DataChoice> {
  return chooseOrAbort<DataChoice>(
    output,
    [
      {
        value: "keep",
        name: "keep: homes, shared folders, accounts and secrets stay, and the next install takes them over",
      },
      { value: "delete", name: "delete: nothing stays" },
    ],
    { message: "What about users' data?", flag: "--data keep or --data delete" },
  );
}

async function agree(cleanup: Cleanup, output: Output, { yes, confirm }: CleanupOptions): Promise<void> {
  const { config, data } = cleanup;
  const declined = "declined; nothing was touched";
  if (data === "delete") {
    if (confirm === config.name) return;
    // What is not there any more needs no name.
    const hasData = leftoversIn(await cleanup.inventory(), false).some(({ stack }) => stack === "storage");
    if (hasData) {
      const message = `All data will be lost. Type the deployment's name (${config.name}) to go on:`;
      await typeOrAbort(output, config.name, { message, flag: `--confirm ${config.name}`, declined });
      return;
    }
  }
  if (!yes) await confirmOrAbort(output, { message: "Go on?", flag: "--yes", declined });
}
