import { deleteMountTargets, listMountTargetIds } from "../../aws/detach-file-system.ts";
import { pollUntil } from "../../engine/poll.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import { isProved } from "./belongings.ts";
import type { Cleanup } from "./cleanup.ts";

/** By its tags: the state that knows the file system may be lost, and what it is attached to holds on to the VPC. */
export const removeMountTargets = defineStep({
  id: "remove-mount-targets",
  title: "Detach the file system from the VPC",
  async check(cleanup: Cleanup) {
    const { resources } = await cleanup.takeInventory(["file-systems"]);
    const fileSystems = resources.filter(isProved).map(({ id }) => id);
    if (fileSystems.length === 0) return { done: "there is no file system" };
    const found = await listAll(cleanup, fileSystems);
    if (found.length === 0) return { done: "it is not attached" };
    return { change: found.length === 1 ? "1 mount target" : `${found.length} mount targets`, plan: fileSystems };
  },
  async run(cleanup: Cleanup, fileSystems: string[], report: Report) {
    await Promise.all(fileSystems.map((id) => deleteMountTargets(cleanup.aws, id)));
    await pollUntil(
      async () => {
        const left = await listAll(cleanup, fileSystems);
        report.progress(`${left.length} left`);
        return left.length === 0 ? true : undefined;
      },
      {
        what: "the mount targets to go",
        everySeconds: 3,
        timeoutSeconds: 600,
        signal: cleanup.signal,
      },
    );
  },
});

async function listAll({ aws }: Cleanup, fileSystems: readonly string[]): Promise<string[]> {
  return (await Promise.all(fileSystems.map((id) => listMountTargetIds(aws, id)))).flat();
}
