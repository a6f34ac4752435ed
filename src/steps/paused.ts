import { readPause, type Pause } from "../aws/pause.ts";
import { UserError } from "../errors.ts";
import { defineStep } from "../engine/step.ts";
import { checkLogin } from "./check-login.ts";
import type { Installation } from "./installation.ts";

/** Undefined if the deployment is not paused, or was never installed. */
export async function findPause({ aws, caller, config }: Installation): Promise<Pause | undefined> {
  return readPause(aws, { account: (await caller()).account, deployment: config.name });
}

/** For commands that would otherwise take the nodes that a pause has taken away for something to put right. */
export async function refuseWhilePaused(installation: Installation): Promise<void> {
  // The pause is recorded in the deployment's account, which another login is told first.
  await checkLogin.check(installation);
  const pause = await findPause(installation);
  if (!pause) return;
  const { name } = installation.deployment;
  throw new UserError(
    "Paused",
    `${name} is paused, since ${pause.since} by ${pause.by}: nothing can be changed meanwhile`,
    {
      hint: `bring it back first: hubctl resume --deployment ${name}`,
    },
  );
}

/** The same for commands that check steps: it is tried again, and its failure tells how to go on. */
export const notPaused = defineStep<Installation, never>({
  id: "not-paused",
  title: "Check that it is not paused",
  async check(installation) {
    await refuseWhilePaused(installation);
    return { done: "it is not" };
  },
  run: () => Promise.resolve(),
});
