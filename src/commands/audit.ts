import { getCaller } from "../aws/caller.ts";
import { createClients, type Pace } from "../aws/clients.ts";
import { takeInventory, type Inventory } from "../aws/inventory/index.ts";
import type { Login } from "../aws/login.ts";
import { LeftoversError, UserError } from "../errors.ts";
import { createExec } from "../tools/exec.ts";
import { createOutput } from "../ui/output.ts";
import { deleteLeftovers, refuseUnproved, type DeletionRequest } from "./audit-delete.ts";
import { deploymentsOf, describeInventory, formatTotals, isOf, toJson } from "./audit-screens.ts";
import { loadConfigured } from "./configured.ts";

export interface AuditOptions extends Omit<DeletionRequest, "deployment"> {
  deployment?: string;
  region?: string;
  assumeRole?: string;
  json: boolean;
  delete: boolean;
  debug?: boolean;
}

/** Throttled calls are made again, ever more slowly. */
const pace: Pace = { retryMode: "adaptive", maxAttempts: 10 };

/** Lists what deployments own in the account and region, and what they left; deletes that on request. */
export async function audit(options: AuditOptions, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  refuseMisfits(options);
  const output = createOutput({ debug: options.debug ?? false, json: options.json });
  const { region, login } = await chooseRegion(options, env);
  const aws = createClients(region, login, pace);
  const caller = await getCaller(aws, login);
  const take = (heldLock?: string) =>
    takeInventory(aws, {
      account: caller.account,
      heldLock,
      clientsIn: (other) => createClients(other, login, pace),
    });
  const endStatus = output.showStatus(`asking AWS what is in ${region}`);
  const whole = await take().finally(endStatus);
  const inventory = only(whole, options.deployment);
  if (options.delete) {
    await deleteLeftovers(
      { aws, caller, output, inventory, take },
      { ...options, deployment: chooseOne(options, whole) },
    );
    return;
  }
  output.result(describeInventory(inventory, output, options.deployment).join("\n"), toJson(inventory));
  judge(inventory, options.deployment);
}

function refuseMisfits({ delete: isDeletion, data, confirm }: AuditOptions): void {
  if (isDeletion || (data === undefined && confirm === undefined)) return;
  throw new UserError("DeleteMissing", "--data and --confirm mean something with --delete only", {
    hint: "add --delete, or leave them out",
  });
}

/** By option, by environment, or by the configuration; the others need none. */
async function chooseRegion(
  { deployment, region, assumeRole }: AuditOptions,
  env: NodeJS.ProcessEnv,
): Promise<{ region: string; login: Login }> {
  const login = assumeRole === undefined ? {} : { assumeRole };
  const named = region ?? (env["AWS_REGION"] || env["AWS_DEFAULT_REGION"]);
  if (named !== undefined && named !== "") return { region: named, login };
  try {
    const { config } = await loadConfigured({ ...(deployment && { deployment }), needsSecrets: false }, createExec());
    return { region: config.aws.region, login: { ...config.aws, ...login } };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    throw new UserError("RegionMissing", "in which region is to be looked?", {
      output: cause.message,
      hint: "say it with --region, or go to the folder of the configuration",
      cause,
    });
  }
}

function only(inventory: Inventory, deployment: string | undefined): Inventory {
  if (deployment === undefined) return inventory;
  return { ...inventory, resources: inventory.resources.filter((resource) => isOf(resource, deployment)) };
}

function chooseOne({ deployment }: AuditOptions, inventory: Inventory): string {
  if (deployment !== undefined) return deployment;
  const names = deploymentsOf(inventory.resources);
  const known = names.length === 0 ? "none" : names.join(", ");
  throw new UserError(
    "DeploymentNotChosen",
    `one deployment is deleted at a time; in ${inventory.region} are: ${known}`,
    {
      hint: `hubctl audit --delete --deployment ${names[0] ?? "NAME"}`,
    },
  );
}

/** Orphans are an exit code of their own; what could not be looked at is not proved to be empty. */
function judge({ resources, unknown, region }: Inventory, deployment: string | undefined): void {
  const orphans = resources.filter(({ state }) => state === "orphan");
  if (orphans.length > 0) {
    const [first] = deploymentsOf(orphans);
    const name = deployment ?? first;
    throw new LeftoversError("OrphansFound", `${formatTotals(orphans)} left behind in ${region}`, {
      ...(name !== undefined && { hint: `hubctl audit --region ${region} --deployment ${name} --delete` }),
    });
  }
  refuseUnproved({ unknown });
}
