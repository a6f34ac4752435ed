import { Command, CommanderError, Option } from "commander";
import { readFileSync } from "node:fs";
import type { AuditOptions } from "./commands/audit.ts";
import type { CleanupOptions } from "./commands/cleanup.ts";
import type { InitOptions } from "./commands/init.ts";
import type { RouteDnsFlags } from "./commands/route-dns.ts";
import type { SessionOptions } from "./commands/session.ts";
import type { TokenOptions } from "./commands/token.ts";
import { registerAdmins } from "./cli-admins.ts";
import { registerBackups } from "./cli-backup.ts";
import { registerPlan } from "./cli-plan.ts";
import { registerUpdate } from "./cli-update.ts";
import { exitCodes } from "./errors.ts";
import { exitCodeOf, formatError } from "./ui/errors.ts";
import { createOutput } from "./ui/output.ts";
import { processRedactor } from "./ui/redact.ts";

interface GlobalOptions {
  deployment?: string;
  set?: string[];
  debug?: boolean;
}

interface InstallFlags {
  yes?: boolean;
  certificateArn?: string;
}

type RunOptions = Pick<SessionOptions, "wait" | "takeLock" | "useLocalConfig">;

/** Reads argv, runs one command, prints its failure, and sets the exit code: the only place that does either. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads may have seen enough: `hubctl kubeconfig | head -1`.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const program = createProgram();
  // With it, the code that elsewhere means a mistake of the user's is an answer, as with Terraform.
  const failureCode = (code: number) =>
    code === exitCodes.userMustAct && argv.includes("--detailed-exitcode") ? exitCodes.toolFailed : code;
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed help or its own complaint already.
      process.exitCode = error.exitCode === 0 ? exitCodes.done : failureCode(exitCodes.userMustAct);
      return;
    }
    const { debug = false } = program.opts<GlobalOptions>();
    process.stderr.write(processRedactor.redact(`${formatError(error, createOutput({ debug }))}\n`));
    process.exitCode = failureCode(exitCodeOf(error));
  }
}

const helpFooter = `
Exit codes:
  0 done · 1 a tool or AWS failed · 2 you must change something, or a guard refused
  3 something was left behind · 130 interrupted or declined · 70 a bug in hubctl

hubctl COMMAND --help tells more of a command.`;

const installHelp = `
A deployment is deployments/NAME/hub.yaml or NAME.tfvars, in this folder or one above it.
Running it again is the way to resume: what is there already is left alone.

Environment:
  HUB_DEPLOYMENT_NAME     the deployment, if --deployment does not name one
  AWS_PROFILE, AWS_…      the AWS login, as for the aws CLI
  HUBCTL_GITHUB_CLIENT_ID, HUBCTL_GITHUB_CLIENT_SECRET
                          needed for a login with GitHub; for others that need
                          them: HUBCTL_OAUTH_CLIENT_ID, HUBCTL_OAUTH_CLIENT_SECRET
  HUBCTL_USER_PASSWORD, HUBCTL_ADMIN_PASSWORD
                          needed for a login with shared passwords
  HUBCTL_CERTIFICATE_ARN  the certificate, if the configuration does not name it
  TF_VAR_…                the same and other variables of NAME.tfvars:
                          TF_VAR_github_client_id, TF_VAR_github_client_secret,
                          TF_VAR_aws_certificate_arn
  HUBCTL_TERRAFORM        the terraform or tofu to use instead of the one on PATH
  HUBCTL_CHART_MIRROR     folder, URL or oci:// registry to take Helm charts from`;

const renderHelp = `
Writes terraform/storage, terraform/cluster and values/CHART.yaml for every Helm release (the hub's is
values/jupyterhub.yaml): to read, to compare with an earlier render, or to check with tools of your own.
What only AWS knows stands there as <storage.file_system_id> or, before the first install, as <lock.id>; secrets stand
there as <secret:clientSecret>, and need not be set. The same configuration and lock file give the same bytes.`;

const routeDnsHelp = `
The zone is the one that hostedZone names in the configuration, else the longest public one that DNS leads to.
Exit code 1 if the hub does not answer at its domain in the end; the layer at fault is named.

Environment:
  HUBCTL_DNS_SERVER       ADDRESS:PORT of the DNS server to ask, where only that one may be asked
  HTTPS_PROXY, NO_PROXY   the proxy that leads to the internet, and the names that it is not for`;

const cleanupHelp = `
Shows what will go, what stays and what that costs, before anything is touched. What can't be deleted does not stop the
rest; at the end AWS is asked, category by category, and exit code 3 means that something is left.
Running it again is the way to resume.`;

const auditHelp = `
Needs neither configuration nor state nor cluster. Without --deployment it looks for all deployments there have been.
Exit code 1 if a category could not be looked at, as then nothing is proved of it.`;

function createProgram(): Command {
  const version = packageVersion();
  const program = new Command("hubctl")
    .description("Takes an AWS account and a domain name to a working JupyterHub on EKS, and keeps it current.")
    .version(version)
    .option("-d, --deployment <name>", "which deployment (default: $HUB_DEPLOYMENT_NAME, else the only one there is)")
    .option(
      "--set <path=value>",
      "override a field of the configuration for this run, e.g. culling.idleMinutes=30; repeatable",
      (entry: string, earlier: string[] | undefined) => [...(earlier ?? []), entry],
    )
    .option("--debug", "print stack traces with errors")
    .helpCommand(false)
    .showHelpAfterError("→ hubctl --help lists commands and options")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "✖ ")) })
    .addHelpText("after", helpFooter);

  program
    .commandsGroup("Set up:")
    .command("install")
    .description("create the cluster and the hub, or go on from wherever the last run stopped")
    .option("-y, --yes", "do not ask for confirmation")
    .option("--certificate-arn <arn>", "use this ACM certificate; short for --set certificate=ARN")
    .option("--wait", "wait while somebody else works on the deployment")
    .option("--take-lock", "take over the run lock of a run that gives no sign of life")
    .option("--use-local-config", "go on with the configuration that is here, even if the state bucket has a newer one")
    .addHelpText("after", installHelp)
    .action(async ({ yes = false, certificateArn, ...options }: RunOptions & InstallFlags) => {
      const { install } = await import("./commands/install.ts");
      const { set = [], ...global } = program.opts<GlobalOptions>();
      const all = certificateArn === undefined ? set : [...set, `certificate=${certificateArn}`];
      await install({ ...global, ...options, set: all, yes, version });
    });
  program
    .command("init")
    .description("bring a deployment that others installed to this machine")
    .requiredOption(
      "--fetch [name]",
      "its configuration and lock file, from the state bucket; without a name, list them",
    )
    .option("--region <region>", "AWS region of the deployment (default: $AWS_REGION)")
    .option("--assume-role <arn>", "role to read them as")
    .action(async (options: InitOptions) => {
      const { init } = await import("./commands/init.ts");
      await init(options);
    });

  registerPlan(program, () => program.opts<GlobalOptions>(), version);
  registerUpdate(program, () => program.opts<GlobalOptions>(), version);

  program
    .commandsGroup("Run:")
    .command("status")
    .description("tell how the deployment is, layer by layer; exit code 1 if there is a problem")
    .option("--json", "print it for programs; with --watch, one line each time")
    .option("--watch", "look again every 10 seconds, until Ctrl-C")
    .action(async ({ json = false, watch = false }: { json?: boolean; watch?: boolean }) => {
      const { status } = await import("./commands/status.ts");
      await status({ ...program.opts<GlobalOptions>(), json, watch });
    });

  program
    .command("versions")
    .description("list what runs, what is recorded, the newest there is, and how long Kubernetes is supported")
    .option("--json", "print it for programs", false)
    .action(async ({ json }: { json: boolean }) => {
      const { versions } = await import("./commands/versions.ts");
      await versions({ ...program.opts<GlobalOptions>(), json });
    });

  program
    .command("route-dns")
    .description("lead the domain to the hub's load balancer, and check that the hub answers there")
    .option("--replace", "replace a record that leads elsewhere without asking", false)
    .option("--delete", "take the record away, if it is this deployment's", false)
    .option("--dry-run", "show what would be done, and end", false)
    .option("--wait", "wait until the hub answers, also when the record is made elsewhere than in Route 53", false)
    .option("--json", "print the outcome for programs", false)
    .addHelpText("after", routeDnsHelp)
    .action(async (options: RouteDnsFlags) => {
      const { routeDns } = await import("./commands/route-dns.ts");
      await routeDns({ ...program.opts<GlobalOptions>(), ...options, version });
    });

  const certificateCommand = program
    .command("certificate")
    .description("show the domain's certificate: state, names, expiry, and where it is used")
    .option("--json", "print it for programs")
    .action(async ({ json = false }: { json?: boolean }) => {
      const { certificate } = await import("./commands/certificate.ts");
      await certificate({ ...program.opts<GlobalOptions>(), json });
    });
  certificateCommand
    .command("delete")
    .description("delete what hubctl requested for the deployment, with the record that proves the domain")
    .option("-y, --yes", "do not ask for confirmation")
    .action(async ({ yes = false }: { yes?: boolean }) => {
      const { deleteCertificates } = await import("./commands/certificate.ts");
      await deleteCertificates({ ...program.opts<GlobalOptions>(), yes, version });
    });

  registerAdmins(program, () => program.opts<GlobalOptions>());
  registerBackups(program, () => ({ ...program.opts<GlobalOptions>(), version }));

  program
    .command("logs [run]")
    .description("list the runs of the deployment, or tell the steps of one of them: times, attempts, failures")
    .option("--last", "the steps of the latest run")
    .option("--json", "print it for programs")
    .action(async (run: string | undefined, { last = false, json = false }: { last?: boolean; json?: boolean }) => {
      const { logs } = await import("./commands/logs.ts");
      await logs({ ...program.opts<GlobalOptions>(), run, last, json });
    });

  program
    .commandsGroup("Take away:")
    .command("cleanup")
    .description("take the deployment away, in an order in which nothing is left behind")
    .addOption(
      new Option(
        "--only <part>",
        "hub: users' servers, load balancer and hub; cluster, accounts and data stay for the next install",
      ).choices(["hub"]),
    )
    .addOption(
      new Option("--data <choice>", "what becomes of homes, shared folders, accounts and secrets").choices([
        "keep",
        "delete",
      ]),
    )
    .option("--confirm <name>", "agree to the loss of the data, by the deployment's name")
    .option("-y, --yes", "do not ask for confirmation; does not agree to the loss of data")
    .option(
      "--without-hub-database",
      "with --data keep: go on even if the hub's accounts can't be copied, and lose them",
    )
    .option("--dry-run", "show what would be taken away, and end")
    .option("--wait", "wait while somebody else works on the deployment")
    .option("--take-lock", "take over the run lock of a run that gives no sign of life")
    .option("--use-local-config", "go on with the configuration that is here, even if the state bucket has a newer one")
    .addHelpText("after", cleanupHelp)
    .action(async (options: Partial<CleanupOptions>) => {
      const { cleanup } = await import("./commands/cleanup.ts");
      await cleanup({
        yes: false,
        dryRun: false,
        withoutHubDatabase: false,
        ...program.opts<GlobalOptions>(),
        ...options,
        version,
      });
    });

  program
    .command("audit")
    .description("list what deployments own and what they left in the account; exit code 3 if they left something")
    .option("--region <region>", "AWS region to look at (default: $AWS_REGION, else the configuration's)")
    .option("--assume-role <arn>", "role to look as")
    .option("--json", "print it for programs", false)
    .option("--delete", "delete what the deployment left, after showing it", false)
    .addOption(new Option("--data <what>", "with --delete: the data that was kept goes, too").choices(["delete"]))
    .option("--confirm <name>", "the deployment's name, which agrees to the loss of its data")
    .option("-y, --yes", "do not ask for confirmation", false)
    .option("--take-lock", "take over the run lock of a run that gives no sign of life")
    .addHelpText("after", auditHelp)
    .action(async (options: Omit<AuditOptions, "deployment">) => {
      const { audit } = await import("./commands/audit.ts");
      await audit({ ...program.opts<GlobalOptions>(), ...options });
    });

  program
    .commandsGroup("Plumbing:")
    .command("render")
    .description("write what an install would give to Terraform and Helm, without asking AWS")
    .requiredOption("-o, --out <folder>", "where to: a new or empty folder, or one of an earlier render")
    .addHelpText("after", renderHelp)
    .action(async ({ out }: { out: string }) => {
      const { render } = await import("./commands/render.ts");
      await render({ ...program.opts<GlobalOptions>(), out });
    });
  program
    .command("kubeconfig")
    .description("print a kubeconfig of the deployment's cluster")
    .option("--merge", "put it into your own kubeconfig, $KUBECONFIG or ~/.kube/config, as one context", false)
    .action(async ({ merge }: { merge: boolean }) => {
      const { kubeconfig } = await import("./commands/kubeconfig.ts");
      await kubeconfig({ ...program.opts<GlobalOptions>(), merge });
    });
  program
    .command("token")
    .description("print a login token for kubectl (what the kubeconfig calls)")
    .requiredOption("--cluster <name>", "EKS cluster")
    .requiredOption("--region <region>", "AWS region of the cluster")
    .option("--assume-role <arn>", "role to log in as")
    .option("--profile <name>", "of the shared AWS configuration; the environment's own login wins")
    .action(async (options: TokenOptions) => {
      const { token } = await import("./commands/token.ts");
      process.stdout.write(`${await token(options)}\n`);
    });
  return program;
}

function packageVersion(): string {
  const file = new URL("../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
