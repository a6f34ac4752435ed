import { readLock } from "../config/lock-file.ts";
import { installSteps } from "../steps/index.ts";
import { applyConfiguration } from "./apply-configuration.ts";
import { resumeCommand } from "./resume-command.ts";
import { inSession, type SessionOptions } from "./session.ts";

export interface InstallOptions extends SessionOptions {
  yes: boolean;
}

/** From wherever the deployment stands to a working hub; a no-op when all is done. */
export async function install(options: InstallOptions): Promise<void> {
  await inSession("install", { ...options, keepsConfig: true }, async (session) => {
    const { name, lockFile } = session.installation.deployment;
    const isFirst = readLock(lockFile) === undefined;
    await applyConfiguration(session, {
      steps: installSteps,
      became: isFirst ? "is installed" : "is up to date",
      consent: {
        yes: options.yes,
        question: isFirst ? "AWS charges for what this creates, until it is removed. Go on?" : "Go on?",
      },
      resume: resumeCommand("install", name, options),
    });
  });
}
