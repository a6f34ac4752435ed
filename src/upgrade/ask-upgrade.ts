import type { AwsClients } from "../aws/clients.ts";
import type { HubConfig } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { UserError } from "../errors.ts";
import { readOffers, readRunning } from "./read-offers.ts";
import type { UpgradeTarget } from "./targets.ts";
import { upgradeLock, type Held } from "./upgrade-lock.ts";

interface Subject {
  aws: AwsClients;
  config: HubConfig;
  note: (text: string) => void;
}

/**
 * The lock file that `update --upgrade` leads to, for `chooseLock` of an installation. UserError if nothing can move
 * before something else is done.
 */
export async function askUpgrade(
  { aws, config, note }: Subject,
  lock: HubLock,
  target: UpgradeTarget,
): Promise<HubLock> {
  const running = await readRunning(aws, config.name);
  const offers = await readOffers(aws, lock, running);
  const { lock: next, held, unfinished } = upgradeLock(lock, target, { offers, running, config });
  if (unfinished !== undefined) {
    note(`! the move to Kubernetes ${lock.kubernetes} is not complete (${unfinished}): this run goes on with it`);
  }
  const [first] = held;
  if (first !== undefined && target !== "all" && target !== "addons") throw heldError(first, config.name);
  for (const one of held) note(`! ${one.what} stays: ${one.why}; first: ${commandFor(one, config.name)}`);
  return next;
}

function heldError(held: Held, deployment: string): UserError {
  return new UserError("UpgradeHeld", `${held.what} can't be upgraded yet: ${held.why}`, {
    hint: commandFor(held, deployment),
  });
}

function commandFor({ first }: Held, deployment: string): string {
  return first.startsWith("update") ? `hubctl ${first} --deployment ${deployment}` : first;
}
