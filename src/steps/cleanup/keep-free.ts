import { deleteResources } from "../../aws/inventory/delete.ts";
import { waitSeconds } from "../../engine/retry.ts";
import type { Report } from "../../engine/step.ts";
import { blockingCategories, findBlockers } from "./blockers.ts";
import type { Cleanup } from "./cleanup.ts";
import { keyOf } from "../../aws/inventory/resource.ts";

/** Between two looks at what has turned up while Terraform works. */
const lookEverySeconds = 20;

/**
 * Deletes what is ours but not Terraform's and would hold up the destruction: before it, and while it goes on. The CNI
 * plugin leaves interfaces behind when the nodes end, and GuardDuty makes its endpoint anew as long as there is a cluster.
 */
export async function keepFree(
  cleanup: Cleanup,
  known: ReadonlySet<string>,
  report: Report,
  destroy: () => Promise<void>,
): Promise<void> {
  await deleteBlockers(cleanup, known, {
    note: (line) => report.progress(`in the way of Terraform: ${line}`),
    signal: cleanup.signal,
  });
  const ended = new AbortController();
  const watch = watchBlockers(cleanup, known, ended.signal);
  try {
    await destroy();
  } finally {
    ended.abort();
    await watch;
  }
}

async function watchBlockers(cleanup: Cleanup, known: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await waitSeconds(lookEverySeconds, signal);
      await deleteBlockers(cleanup, known, { note: () => undefined, signal });
    } catch {
      // Whatever fails here is tried again by the sweep, which tells of it.
    }
  }
}

async function deleteBlockers(
  cleanup: Cleanup,
  known: ReadonlySet<string>,
  { note, signal }: { note: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const { account } = await cleanup.caller();
  let present = new Set<string>();
  await deleteResources(cleanup.aws, {
    account,
    async take() {
      const inventory = await cleanup.takeInventory([...blockingCategories, "eks-clusters"]);
      const resources = findBlockers(inventory, known);
      present = new Set(resources.filter(({ going }) => !going).map(keyOf));
      return { ...inventory, resources };
    },
    mayDelete: (resource) => present.has(keyOf(resource)),
    note,
    wait: (seconds) => waitSeconds(seconds, signal),
  });
}
