import { deleteMountTargets, listMountTargetIds } from "../../aws/detach-file-system.ts";
import { pollUntil } from "../../engine/poll.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import type { Cleanup } from "./cleanup.ts";

export const removeMountTargets = defineStep({
  id: "remove-mount-targets",
  title: "Detach the file system from the VPC",
  async check(cleanup: Cleanup) {
    const storage = await cleanup.storageOutputs();
    if (!storage) return { done: "there is no file system" };
    const found = await listMountTargetIds(cleanup.aws, storage.file_system_id);
    if (found.length === 0) return { done: "it is not attached" };
    return { change: `${found.length} mount targets`, plan: storage.file_system_id };
  },
  async run({ aws, signal }: Cleanup, fileSystemId: string, report: Report) {
    await deleteMountTargets(aws, fileSystemId);
    await pollUntil(
      async () => {
        const left = await listMountTargetIds(aws, fileSystemId);
        report.progress(`${left.length} left`);
        return left.length === 0 ? true : undefined;
      },
      { what: "the mount targets to go", everySeconds: 3, timeoutSeconds: 600, signal },
    );
  },
});
