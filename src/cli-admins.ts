import { Option, type Command } from "commander";
import type { AddAdminOptions } from "./commands/add-admin.ts";
import type { AdminsOptions } from "./commands/admins.ts";
import type { RemoveAdminOptions } from "./commands/admins-remove.ts";

const addAdminHelp = `
Takes ARNs of IAM users and roles, also of sessions, as aws sts get-caller-identity prints them.
Works on every EKS cluster that you can reach: --cluster NAME --region REGION needs no deployment.
Afterwards it proves that you can still log in, and takes the change back if you can't.`;

const adminsHelp = `
The deployment's own cluster, or any other: --cluster NAME --region REGION.`;

/** The commands about who gets into a cluster; `shared` gives the program's own options. */
export function registerAdmins(program: Command, shared: () => { deployment?: string; debug?: boolean }): void {
  onCluster(program.command("add-admin <arn...>"))
    .description("let IAM users and roles into the cluster")
    .addOption(new Option("--access <level>", "what they may do").choices(["admin", "edit", "view"]).default("admin"))
    .option(
      "--namespace <name>",
      "only in this namespace; repeatable",
      (name: string, earlier: string[] | undefined) => [...(earlier ?? []), name],
    )
    .addOption(
      new Option("--method <how>", "by which way (default: access-entry where the cluster knows it)").choices([
        "access-entry",
        "aws-auth",
      ]),
    )
    .option("-y, --yes", "do not ask for confirmation", false)
    .option("--dry-run", "show what would change, and end", false)
    .addHelpText("after", addAdminHelp)
    .action(async (arns: string[], options: AddAdminOptions) => {
      const { addAdmin } = await import("./commands/add-admin.ts");
      await addAdmin(arns, { ...shared(), ...options });
    });

  const list = onCluster(program.command("admins"))
    .description("list who can get into the cluster, and how")
    .option("--json", "print it for programs", false)
    .addHelpText("after", adminsHelp)
    .action(async (options: AdminsOptions) => {
      const { admins } = await import("./commands/admins.ts");
      await admins({ ...shared(), ...options });
    });
  list
    .command("remove <arn>")
    .description("take away every way in of an IAM user or role")
    .option("--force", "also the last administrator's, nodes', or your own", false)
    .option("-y, --yes", "do not ask for confirmation", false)
    .option("--dry-run", "show what would change, and end", false)
    .action(async (arn: string, _: object, command: Command) => {
      const { removeAdmin } = await import("./commands/admins-remove.ts");
      await removeAdmin(arn, command.optsWithGlobals<RemoveAdminOptions>());
    });
}

function onCluster(command: Command): Command {
  return command
    .option("--cluster <name>", "an EKS cluster, whoever made it (default: the deployment's)")
    .option("--region <region>", "its AWS region (default: $AWS_REGION)")
    .option("--assume-role <arn>", "role to do it as");
}
