import { hostname } from "node:os";
import { releaseStateLock } from "../aws/state-lock.ts";
import type { EarlierRun } from "../tools/terraform-run.ts";
import type { Installation } from "./installation.ts";

/**
 * Terraform that was killed itself leaves its lock in the state bucket, and nobody could work on the state any more. The
 * lock is of a run of hubctl that is over if it was taken on this machine, for the same purpose, since that run began:
 * the run lock keeps all other runs of hubctl away.
 */
export async function releaseDeadStateLock(
  { action, startedAt }: EarlierRun,
  stateKey: string,
  { aws, lock, note }: Pick<Installation, "aws" | "lock" | "note">,
): Promise<void> {
  const { account } = (await lock()).lock;
  const released = await releaseStateLock(
    aws,
    { account, stateKey },
    ({ Operation, Who, Created }) =>
      Operation.toLowerCase() === `operationtype${action}` &&
      Who.endsWith(`@${hostname()}`) &&
      new Date(Created) >= new Date(startedAt),
  );
  if (released) note(`released the state lock that terraform ${action} of an earlier run left when it was killed`);
}
