import { Command, CommanderError, Option } from "commander";
import { readFileSync } from "node:fs";
import { exitCodes } from "./errors.ts";
import { exitCodeOf, formatError } from "./ui/errors.ts";
import { createOutput } from "./ui/output.ts";

interface GlobalOptions {
  deployment?: string;
  debug?: boolean;
}

/** Reads argv, runs one command, prints its failure, and sets the exit code: the only place that does either. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed help or its own complaint already.
      process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.userMustAct;
      return;
    }
    const { debug = false } = program.opts<GlobalOptions>();
    process.stderr.write(`${formatError(error, createOutput({ debug }))}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

function createProgram(): Command {
  const version = packageVersion();
  const program = new Command("hubctl")
    .description("Takes an AWS account and a domain name to a working JupyterHub on EKS, and keeps it current.")
    .version(version)
    .addOption(new Option("-d, --deployment <name>", "which deployment").env("HUB_DEPLOYMENT_NAME"))
    .option("--debug", "print stack traces with errors")
    .helpCommand(false)
    .showHelpAfterError("(hubctl --help lists commands and options)")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });

  program
    .commandsGroup("Set up:")
    .command("install")
    .description("create the cluster and the hub, or go on from wherever the last run stopped")
    .option("-y, --yes", "do not ask for confirmation", false)
    .action(async (options: { yes: boolean }) => {
      const { install } = await import("./commands/install.ts");
      await install({ ...program.opts<GlobalOptions>(), ...options, version });
    });

  program
    .commandsGroup("Plumbing:")
    .command("kubeconfig")
    .description("print a kubeconfig of the deployment's cluster")
    .action(async () => {
      const { kubeconfig } = await import("./commands/kubeconfig.ts");
      await kubeconfig(program.opts<GlobalOptions>());
    });
  program
    .command("token")
    .description("print a login token for kubectl (what the kubeconfig calls)")
    .requiredOption("--cluster <name>", "EKS cluster")
    .requiredOption("--region <region>", "AWS region of the cluster")
    .action(async (options: { cluster: string; region: string }) => {
      const { token } = await import("./commands/token.ts");
      process.stdout.write(`${await token(options)}\n`);
    });
  return program;
}

function packageVersion(): string {
  const file = new URL("../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
