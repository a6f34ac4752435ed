import { Option, type Command } from "commander";
import type { SessionOptions } from "./commands/session.ts";
import type { UpdateOptions } from "./commands/update.ts";
import { upgradeTargets, type UpgradeTarget } from "./upgrade/targets.ts";

const updateHelp = `
Shows what would change, asks, and then does exactly that; if what is there moves meanwhile, it plans again.
What would replace or delete the cluster, its network, a node group or anything that carries data is refused with exit
code 2, and nothing is touched: name it with --allow-replace if it may go. Losing data takes the deployment's name, too.`;

interface UpdateFlags extends Pick<SessionOptions, "wait" | "takeLock" | "useLocalConfig"> {
  yes: boolean;
  rollback: boolean;
  allowReplace: string[];
  confirm?: string;
  upgrade?: UpgradeTarget;
}

/** The command that changes what runs; `shared` gives the program's own options. */
export function registerUpdate(
  program: Command,
  shared: () => Pick<SessionOptions, "deployment" | "set" | "debug">,
  version: string,
): void {
  program
    .commandsGroup("Run:")
    .command("update")
    .description("make a running deployment what its configuration says, and nothing else")
    .addOption(new Option("--upgrade <what>", "move the recorded versions first").choices([...upgradeTargets]))
    .option("--rollback", "go back to the configuration, versions and releases before the last update", false)
    .option(
      "--allow-replace <address>",
      "this may be replaced or deleted, as the refusal names it; repeatable",
      (address: string, earlier: string[]) => [...earlier, address],
      [],
    )
    .option("--confirm <name>", "agree to the loss of data, by the deployment's name")
    .option("-y, --yes", "do not ask for confirmation; does not agree to the loss of data", false)
    .option("--wait", "wait while somebody else works on the deployment")
    .option("--take-lock", "take over the run lock of a run that gives no sign of life")
    .option("--use-local-config", "go on with the configuration that is here, even if the state bucket has a newer one")
    .addHelpText("after", updateHelp)
    .action(async (options: UpdateFlags) => {
      const { update } = await import("./commands/update.ts");
      await update({ ...shared(), ...options, version } satisfies UpdateOptions);
    });
}
