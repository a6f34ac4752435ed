import { Option, type Command } from "commander";
import type { PlanOptions } from "./commands/plan.ts";

const planHelp = `
Changes nothing and takes no lock; to read is enough. Before the first install it tells what would be created.
What somebody else has changed in AWS, in the cluster or in DNS is told apart from what the configuration changes.

Exit codes with --detailed-exitcode: 0 nothing to change · 2 changes · 1 any failure, whatever its kind · 130 interrupted
(drift that an update would leave as it is counts as nothing to change)`;

type PlanFlags = Pick<PlanOptions, "json" | "markdown" | "detailedExitcode">;

/** The command that tells what an update would do. */
export function registerPlan(
  program: Command,
  shared: () => Pick<PlanOptions, "deployment" | "set" | "debug">,
  version: string,
): void {
  program
    .commandsGroup("Run:")
    .command("plan")
    .description("show what update, or the first install, would do, what that means for users, and what others changed")
    .option("--json", "print it for programs", false)
    .addOption(new Option("--markdown", "print it as a comment for a pull request").default(false).conflicts("json"))
    .option("--detailed-exitcode", "end with exit code 2 if there are changes", false)
    .addHelpText("after", planHelp)
    .action(async (options: PlanFlags) => {
      const { plan } = await import("./commands/plan.ts");
      await plan({ ...shared(), ...options, version });
    });
}
