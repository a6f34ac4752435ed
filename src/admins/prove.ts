import { ToolError, UserError } from "../errors.ts";
import type { ApiServer, Standing } from "./api-server.ts";

/** One change of who gets in, and the way back. */
export interface Change {
  /** For the error that tells what could not be undone. */
  what: string;
  apply: () => Promise<void>;
  undo: () => Promise<void>;
}

export interface ProofOptions {
  api: Pick<ApiServer, "standing">;
  /** What the caller was before. */
  before: Standing;
  wait: (milliseconds: number) => Promise<unknown>;
  note: (line: string) => void;
  /** How to get in again if nothing else helps. */
  rescue: string;
}

/**
 * Seconds between the looks. EKS takes some until a changed entry holds everywhere; and aws-auth can only be put back
 * while the token that wrote it is still accepted, about ten.
 */
const looksAfter = [1, 2, 3] as const;

/**
 * Applies changes and proves that the caller is no worse off, each time with a new login. If the caller is, or if that
 * can't be found out any more, all of them are undone.
 */
export async function applyProved(changes: readonly Change[], options: ProofOptions): Promise<void> {
  const done: Change[] = [];
  try {
    for (const change of changes) {
      // One that failed halfway is undone as well.
      done.unshift(change);
      await change.apply();
    }
  } catch (error) {
    await undoAll(done, options, error);
    throw error;
  }
  if (options.before.unreachable !== undefined || !options.before.isLoggedIn) return;
  const lost = await findLoss(options);
  if (lost === undefined) return;
  options.note(`! ${lost}; undoing it`);
  await undoAll(done, options, undefined);
  await proveReturn(options, lost);
}

async function findLoss({ api, before, wait }: ProofOptions): Promise<string | undefined> {
  let loss: string | undefined;
  for (const seconds of looksAfter) {
    await wait(seconds * 1000);
    const { isLoggedIn, isAdmin, unreachable } = await api.standing();
    // A connection that breaks once is no lockout; one that stays broken proves nothing.
    if (unreachable !== undefined) loss = `the API server can't be asked any more (${firstLine(unreachable)})`;
    else if (!isLoggedIn) return "with this change you can't log in to the cluster any more";
    else if (before.isAdmin && !isAdmin) return "with this change you are no administrator of the cluster any more";
    else loss = undefined;
  }
  return loss;
}

async function undoAll(changes: readonly Change[], options: ProofOptions, cause: unknown): Promise<void> {
  const failures: string[] = [];
  for (const change of changes) {
    try {
      await change.undo();
    } catch (error) {
      failures.push(`${change.what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (failures.length === 0) return;
  throw new ToolError("NotUndone", "the change went wrong, and could not be undone", {
    output: failures.join("\n"),
    hint: options.rescue,
    cause,
  });
}

async function proveReturn({ api, before, wait, rescue }: ProofOptions, lost: string): Promise<never> {
  for (const seconds of [1, 1, 2, 3, 5, 8]) {
    await wait(seconds * 1000);
    const { isLoggedIn, isAdmin } = await api.standing();
    if (!isLoggedIn || (before.isAdmin && !isAdmin)) continue;
    throw new UserError("LockoutUndone", `${lost}; it was undone, and you are in again`, {
      hint: "let somebody else make this change, who gets in another way: hubctl admins lists them",
    });
  }
  throw new ToolError("StillLockedOut", `${lost}; it was undone, but you are not let in again yet`, { hint: rescue });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
