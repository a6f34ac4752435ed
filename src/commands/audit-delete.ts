import { randomUUID } from "node:crypto";
import type { Caller } from "../aws/caller.ts";
import type { AwsClients } from "../aws/clients.ts";
import { deleteResources, type Deletion } from "../aws/inventory/delete.ts";
import type { Inventory } from "../aws/inventory/index.ts";
import { keyOf, type Resource } from "../aws/inventory/resource.ts";
import type { RunLock } from "../aws/run-lock.ts";
import { findStateBucket } from "../aws/state-bucket.ts";
import { createInterrupts, type Interrupts } from "../engine/interrupt.ts";
import { waitSeconds } from "../engine/retry.ts";
import { LeftoversError, ToolError, UserError } from "../errors.ts";
import { createExec } from "../tools/exec.ts";
import { identifyProcess } from "../tools/process-identity.ts";
import { isKeptData } from "../steps/cleanup/belongings.ts";
import type { Output } from "../ui/output.ts";
import { confirmOrAbort, typeOrAbort } from "../ui/prompts.ts";
import { describeResources, formatTotals, isOf, resourceToJson } from "./audit-screens.ts";
import { takeRunLock } from "./run-lock.ts";

export interface DeletionRequest {
  deployment: string;
  /** Kept data goes, too. */
  data?: "delete";
  /** The deployment's name, which agrees to the loss of its data. */
  confirm?: string;
  yes: boolean;
  takeLock?: boolean;
}

interface Context {
  aws: AwsClients;
  caller: Caller;
  output: Output;
  /** Of the deployment alone. */
  inventory: Inventory;
  take: (heldLock?: string) => Promise<Inventory>;
}

/** Shows, asks, and deletes what a deployment left; what is live, contradictory or somebody else's stays in any case. */
export async function deleteLeftovers(context: Context, request: DeletionRequest): Promise<void> {
  const { output, inventory } = context;
  const { deployment } = request;
  const isDoomed = (resource: Resource) =>
    isLeft(resource) && (request.data === "delete" || (resource.state === "orphan" && !isKeptData(resource)));
  const doomed = inventory.resources.filter(isDoomed);
  if (doomed.length === 0) {
    output.result(`Nothing to delete: ${deployment} left nothing behind in ${inventory.region}`, emptyAnswer);
    refuseUnproved(inventory);
    return;
  }
  for (const line of describeResources(doomed, output)) output.note(line);
  const staying = inventory.resources.filter((resource) => !isDoomed(resource));
  for (const line of describeStaying(staying)) output.note(line);
  await agree(doomed, output, request);
  const deletion = await underLock(context, request, (interrupts) =>
    deleteResources(context.aws, {
      account: inventory.account,
      take: () => context.take(deployment).then((whole) => only(whole, deployment)),
      mayDelete: mayDelete(inventory, isDoomed),
      note: (line) => output.note(line),
      wait: (seconds) => waitSeconds(seconds, interrupts.signal),
    }),
  );
  const bucket = deletion.left.length === 0 ? await deleteLastTraces(context, deployment) : undefined;
  report(context, request, { ...deletion, left: [...deletion.left, ...(bucket?.left ?? [])] });
}

/** Of a deployment that does not live any more. Data counts as such even where the state that knew it is lost. */
function isLeft({ state }: Resource): boolean {
  return state === "orphan" || state === "kept-data";
}

const emptyAnswer = { deleted: 0, left: [], waiting: [] };

/** What turns up on the way may go too, but never what was not to go when the operator agreed. */
function mayDelete(before: Inventory, isDoomed: (resource: Resource) => boolean): (resource: Resource) => boolean {
  const kept = new Set(before.resources.filter((resource) => !isDoomed(resource)).map(keyOf));
  return (resource) => isDoomed(resource) && !kept.has(keyOf(resource)) && !isRunLock(resource);
}

/** The lock that this very run holds. */
function isRunLock({ category, id }: Resource): boolean {
  return category === "terraform-state" && id.endsWith("/run.lock");
}

function only(inventory: Inventory, deployment: string): Inventory {
  return { ...inventory, resources: inventory.resources.filter((resource) => isOf(resource, deployment)) };
}

function describeStaying(resources: readonly Resource[]): string[] {
  const some = (state: Resource["state"]) => resources.filter((resource) => resource.state === state);
  const lines = [
    { what: "in use, and stays", some: some("live") },
    { what: "data, and stays without --data delete", some: resources.filter(isLeft) },
    { what: "whose owner is not clear, and stays; see hubctl audit", some: some("conflict") },
  ];
  return lines.flatMap(({ what, some }) => (some.length === 0 ? [] : [`${formatTotals(some)} ${what}`]));
}

async function agree(doomed: readonly Resource[], output: Output, request: DeletionRequest): Promise<void> {
  const { deployment, confirm, yes } = request;
  const declined = "declined; nothing was touched";
  const data = doomed.filter(isKeptData);
  if (data.length > 0 && confirm !== deployment) {
    if (confirm !== undefined) {
      throw new UserError("WrongName", `--confirm ${confirm} is not the name of the deployment, ${deployment}`, {
        hint: `--confirm ${deployment} agrees to the loss of its data`,
      });
    }
    const message = `The data of ${deployment} can't be brought back. Type its name to delete it:`;
    await typeOrAbort(output, deployment, { message, flag: `--confirm ${deployment}`, declined });
    return;
  }
  if (yes || data.length > 0) return;
  await confirmOrAbort(output, { message: `Delete these ${doomed.length}?`, flag: "--yes", declined });
}

/** Nobody may begin an install of the deployment meanwhile. Without a state bucket nobody has one under way. */
async function underLock(
  { aws, caller, output }: Context,
  { deployment, takeLock = false }: DeletionRequest,
  work: (interrupts: Interrupts) => Promise<Deletion>,
): Promise<Deletion> {
  const interrupts = createInterrupts({ note: (line) => output.note(line) });
  const stopListening = interrupts.listen();
  const { account, arn } = caller;
  let lock: RunLock | undefined;
  const lost = new AbortController();
  try {
    if ((await findStateBucket(aws, account)) !== "missing") {
      const exec = createExec();
      const lockRequest = {
        account,
        deployment,
        principal: arn,
        command: "hubctl audit --delete",
        // There may be no work folder that could tell this machine again.
        machine: randomUUID(),
        identify: (pid: number) => identifyProcess(pid, exec),
        onLost: () => {
          lost.abort();
          interrupts.handle("SIGTERM");
        },
        onSilence: () => undefined,
      };
      lock = await takeRunLock(aws, lockRequest, { takeLock }, { output, signal: interrupts.signal });
    }
    return await work(interrupts);
  } catch (error) {
    if (!lost.signal.aborted) throw error;
    throw new UserError("RunLockLost", `somebody else has taken the run lock of ${deployment}; so this run stops`, {
      hint: "agree with them, then run it again",
      cause: error,
    });
  } finally {
    await lock?.release();
    stopListening();
  }
}

/** Old versions of the lock, and the state bucket if nothing is in it any more. */
function deleteLastTraces({ aws, take, inventory, output }: Context, deployment: string): Promise<Deletion> {
  return deleteResources(aws, {
    account: inventory.account,
    take: async () => {
      const whole = await take();
      const isTrace = (resource: Resource) => isRunLock(resource) && isOf(resource, deployment);
      return { ...whole, resources: whole.resources.filter((one) => isTrace(one) || one.inUse === false) };
    },
    mayDelete: ({ state }) => state === "orphan",
    note: (line) => output.note(line),
    wait: (seconds) => waitSeconds(seconds),
  });
}

function report(
  { output }: Context,
  { deployment }: DeletionRequest,
  { deleted, left, waiting, unknown }: Deletion,
): void {
  const lines = [
    `${deleted} of ${deployment} deleted`,
    ...waiting.map(({ category, id, going }) => `  ${category} ${id}: ${going?.words ?? ""}`),
    ...left.map(({ resource, why }) => `  left: ${resource.category} ${resource.id}: ${why}`),
  ];
  output.result(lines.join("\n"), {
    deleted,
    left: left.map(({ resource, why }) => ({ ...resourceToJson(resource), why })),
    waiting: waiting.map(resourceToJson),
    unknown,
  });
  if (left.length > 0) {
    const resources = left.map(({ resource }) => resource);
    throw new LeftoversError("LeftoversFound", `${formatTotals(resources)} could not be deleted`, {
      hint: `remove what they say, then run it again: hubctl audit --deployment ${deployment} --delete`,
    });
  }
  refuseUnproved({ unknown });
}

/** What could not be looked at is not proved to be empty. */
export function refuseUnproved({ unknown }: Pick<Deletion, "unknown">): void {
  if (unknown.length === 0) return;
  const names = unknown.map(({ category, reason }) => `${category}: ${reason}`);
  throw new ToolError("NotProved", `of ${unknown.length} categories it is not proved that nothing is left`, {
    output: names.join("\n"),
    hint: "ask for the permissions that AWS names, then run it again",
  });
}
