import { UserError } from "../errors.ts";
import { installSteps } from "../steps/index.ts";
import { askUpgrade } from "../upgrade/ask-upgrade.ts";
import type { UpgradeTarget } from "../upgrade/targets.ts";
import { applyConfiguration } from "./apply-configuration.ts";
import { refuseNotInstalled } from "./refuse-not-installed.ts";
import { resumeCommand } from "./resume-command.ts";
import { rollBack } from "./roll-back.ts";
import { inSession, type SessionOptions } from "./session.ts";

export interface UpdateOptions extends SessionOptions {
  yes: boolean;
  /** Moves the lock file first. */
  upgrade?: UpgradeTarget;
  rollback: boolean;
  /** Addresses of what may be replaced or deleted. */
  allowReplace: readonly string[];
  /** The deployment's name, which agrees to the loss of its data. */
  confirm?: string;
}

/** Makes a running deployment what its configuration says, or what it was before, by exactly the plan that is shown. */
export async function update(options: UpdateOptions): Promise<void> {
  refuseMisfits(options);
  if (options.rollback) await rollBack(options);
  else await updateFrom(options);
}

async function updateFrom({ upgrade, ...options }: UpdateOptions): Promise<void> {
  await inSession(
    "update",
    {
      ...options,
      keepsConfig: true,
      ...(upgrade && { chooseLock: (installation, recorded) => askUpgrade(installation, recorded, upgrade) }),
    },
    async (session) => {
      refuseNotInstalled(session.installation.deployment);
      await applyConfiguration(session, {
        steps: installSteps,
        became: "is up to date",
        consent: { ...options, question: "Go on with exactly this?" },
        resume: resumeCommand("update", session.installation.deployment.name, options),
      });
    },
  );
}

function refuseMisfits({ rollback, upgrade, set = [] }: UpdateOptions): void {
  if (!rollback) return;
  const misfit = upgrade !== undefined ? "--upgrade" : set.length > 0 ? "--set" : undefined;
  if (misfit === undefined) return;
  throw new UserError("OptionsMisfit", `--rollback takes everything back as it was, so ${misfit} has no meaning`, {
    hint: "leave one of the two out",
  });
}
