import { z } from "zod";
import { readStateObject } from "../aws/state-object.ts";
import type { Stack } from "../tools/terraform-stack.ts";
import type { Installation } from "./installation.ts";

const stateLockSchema = z.object({ ID: z.string(), Created: z.iso.datetime() });

/**
 * When Terraform can't reach the state bucket at its end (the login has expired, say), it leaves the state in its
 * folder and its lock in the bucket. A plan on the state before that would make everything in it a second time.
 */
export async function saveUnsavedState(
  stack: Stack,
  stateKey: string,
  { aws, lock, note }: Pick<Installation, "aws" | "lock" | "note">,
): Promise<void> {
  const leftAt = stack.unsavedSince();
  if (leftAt === undefined) return;
  note("saving the Terraform state that an earlier run could not save");
  const { account } = (await lock()).lock;
  const held = await readStateObject(aws, account, `${stateKey}.tflock`);
  if (held !== undefined) {
    const { ID, Created } = stateLockSchema.parse(JSON.parse(held));
    // The earlier run held the lock until after it had left the state: a lock from before that is its own.
    if (new Date(Created) < leftAt) await stack.forceUnlock(ID);
  }
  await stack.pushUnsaved();
}
