import { dollars, estimateFixedCosts } from "../cost/estimate.ts";
import type { HubConfig } from "../config/hub-config.ts";
import { formatDuration } from "../engine/format-duration.ts";
import { checkSteps, hasChanges, runSteps, type CheckedList } from "../engine/run-steps.ts";
import { turnsOf, type StepList } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import { withCluster, type Reached } from "../steps/cluster-reach.ts";
import { pauseSteps, resumeSteps } from "../steps/index.ts";
import { findPause } from "../steps/paused.ts";
import type { Pausing } from "../steps/pause/warn-users.ts";
import type { Output } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";
import { runOptionsOf } from "./apply-configuration.ts";
import { refuseNotInstalled } from "./refuse-not-installed.ts";
import { inSession, type SessionOptions } from "./session.ts";

export interface PauseOptions extends SessionOptions {
  yes: boolean;
  /** As typed: minutes. */
  warn: string;
}

/** Down to data, DNS and certificate; what works is stopped, nothing is deleted. */
export async function pause(options: PauseOptions): Promise<void> {
  const warnMinutes = readMinutes(options.warn);
  await inSession("pause", { ...options, needsSecrets: false, needsCertificate: false }, async (session) => {
    const { installation, output } = session;
    const { deployment, config } = installation;
    refuseNotInstalled(deployment);
    const pausing: Pausing = Object.assign(withCluster(installation), { warnMinutes });
    const again = `hubctl pause --deployment ${deployment.name} --warn ${warnMinutes}`;
    const runOptions = runOptionsOf(session, again);
    const checked = await checkSteps(pauseSteps, pausing, runOptions);
    if (!hasChanges(checked)) {
      output.result([`Nothing to do: ${deployment.name} is paused`, ...describeCosts(config)].join("\n"));
      return;
    }
    for (const line of describeChanges(`Pausing ${deployment.name}:`, pauseSteps, checked, output)) output.note(line);
    output.note("Homes, accounts, load balancer, DNS and certificate stay. The hub does not answer meanwhile.");
    for (const line of describeCosts(config)) output.note(line);
    await agree(output, options);
    const { seconds } = await runSteps(pauseSteps, checked, pausing, runOptions);
    output.result(
      `${deployment.name} is paused, after ${formatDuration(seconds)}; hubctl resume --deployment ${deployment.name} brings it back`,
    );
  });
}

/** Back to the nodes that there were; homes and accounts are as they were left. */
export async function resume(options: SessionOptions): Promise<void> {
  await inSession("resume", { ...options, needsSecrets: false, needsCertificate: false }, async (session) => {
    const { installation, output } = session;
    const { deployment, config } = installation;
    refuseNotInstalled(deployment);
    if (!(await findPause(installation))) {
      output.result(`Nothing to do: ${deployment.name} is not paused`);
      return;
    }
    const reached: Reached = withCluster(installation);
    const runOptions = runOptionsOf(session, `hubctl resume --deployment ${deployment.name}`);
    const checked = await checkSteps(resumeSteps, reached, runOptions);
    for (const line of describeChanges(`Resuming ${deployment.name}:`, resumeSteps, checked, output)) output.note(line);
    const { seconds } = await runSteps(resumeSteps, checked, reached, runOptions);
    output.result(`${deployment.name} is back at https://${config.domain}, after ${formatDuration(seconds)}`);
  });
}

function readMinutes(text: string): number {
  const minutes = Number(text);
  if (/^\d+$/.test(text) && minutes <= 24 * 60) return minutes;
  throw new UserError("WarnMinutes", `--warn ${text} is no number of minutes`, {
    hint: "a whole number from 0 (no warning) to 1440",
  });
}

function describeChanges<Context>(
  heading: string,
  steps: StepList<Context>,
  checked: CheckedList,
  output: Pick<Output, "style">,
): string[] {
  const lines = turnsOf(steps)
    .flat()
    .flatMap(({ id, title }) => {
      const found = checked.get(id);
      return found && "change" in found ? [`  • ${title}: ${found.change}`] : [];
    });
  return [output.style("bold", heading), ...lines];
}

/** What is left when the core nodes are gone, and with them their disks. */
export function describeCosts(config: HubConfig): string[] {
  const { cluster } = config;
  const paused = { ...config, cluster: { ...cluster, coreNodes: { ...cluster.coreNodes, desired: 0 } } };
  const items = estimateFixedCosts(paused).flatMap(({ what, monthly }) =>
    monthly === undefined ? [] : [{ what, monthly }],
  );
  const total = items.reduce((sum, { monthly }) => sum + monthly, 0);
  const width = Math.max(...items.map(({ monthly }) => dollars(monthly).length));
  return [
    `While it is paused it still costs about ${dollars(total)} a month, and what is stored:`,
    ...items.map(({ what, monthly }) => `  ${dollars(monthly).padStart(width)}  ${what}`),
  ];
}

async function agree(output: Output, { yes }: PauseOptions): Promise<void> {
  if (yes) return;
  await confirmOrAbort(output, { message: "Go on?", flag: "--yes", declined: "declined; nothing was touched" });
}
