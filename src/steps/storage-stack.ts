import { listMountTargetIds } from "../aws/detach-file-system.ts";
import { defineStep, type Report } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import type { PlanSummary } from "../tools/terraform-plan.ts";
import type { PlannedStack } from "../tools/terraform-stack.ts";
import type { Installation } from "./installation.ts";
import { applyStack, checkStack, previewStack } from "./terraform-stack.ts";

export const storageStack = defineStep({
  id: "storage-stack",
  title: "Create what outlives a cluster: file system, secrets",
  usual: 40,
  check: checkStack("storage", "Change what outlives a cluster: file system, secrets"),
  preview: previewStack,
  async run(installation: Installation, plan: PlannedStack, report: Report) {
    await refuseAttached(installation, plan.summary);
    await applyStack("storage")(installation, plan, report);
  },
});

/** Terraform would begin with the access points, and AWS then refuse the file system: nobody could mount it any more. */
async function refuseAttached({ aws, deployment }: Installation, plan: PlanSummary): Promise<void> {
  for (const { type, address, id } of [...plan.replace, ...plan.delete]) {
    if (type !== "aws_efs_file_system" || id === undefined) continue;
    if ((await listMountTargetIds(aws, id)).length === 0) continue;
    throw new UserError(
      "FileSystemAttached",
      `AWS deletes no file system that is attached to a VPC, as ${id} (${address}) is; nothing of the storage was touched`,
      {
        hint: `take the cluster away first: hubctl cleanup --data keep --deployment ${deployment.name}; then run it again`,
      },
    );
  }
}
