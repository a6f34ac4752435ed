import { setTimeout as wait } from "node:timers/promises";
import { describeAccess, type Access, type AccessLevel } from "../admins/access.ts";
import { readRoster } from "../admins/cluster.ts";
import { checkInIam, planAdd, type AddPlan, type Method } from "../admins/plan-add.ts";
import { readPrincipal } from "../admins/principal.ts";
import { applyProved } from "../admins/prove.ts";
import { UserError } from "../errors.ts";
import { createOutput, type Output } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";
import { inCluster, type ClusterOptions, type OpenedCluster } from "./admin-cluster.ts";
import { formatGaps, rescueOf, standingNote } from "./admins-screens.ts";

export interface AddAdminOptions extends ClusterOptions {
  access: AccessLevel;
  namespace?: string[];
  method?: Method;
  yes: boolean;
  dryRun: boolean;
  debug?: boolean;
}

/** Lets IAM users and roles into a cluster, and proves that nobody who was in is out. */
export async function addAdmin(arns: readonly string[], options: AddAdminOptions): Promise<void> {
  const output = createOutput({ debug: options.debug ?? false });
  const access = readAccess(options);
  const given = arns.map(readPrincipal);
  await inCluster(options, async (opened) => {
    const { cluster, saveBackup } = opened;
    const note = (line: string) => output.note(line);
    const principals = await checkInIam(cluster, given, options.method, note);
    const roster = await readRoster(cluster);
    for (const line of [...formatGaps(roster), ...standingNote(roster)]) note(`${output.style("yellow", "!")} ${line}`);
    const { method } = options;
    const plan = await planAdd(cluster, roster, { principals, access, saveBackup, note, ...(method && { method }) });
    show(plan, output, opened);
    if (plan.changes.length === 0) {
      output.result("Nothing to do.");
      return;
    }
    if (options.dryRun) return;
    if (!options.yes) {
      await confirmOrAbort(output, { message: "Let them in?", flag: "--yes", declined: "nobody was let in" });
    }
    const { api } = cluster;
    await applyProved(plan.changes, { api, before: roster.standing, wait, note, rescue: rescueOf(opened) });
    output.result(
      `${output.style("green", "✔")} ${principals.length === 1 ? "1 gets" : `${principals.length} get`} in: ${describeAccess(access)}`,
    );
    note(`  they log in with: aws eks update-kubeconfig --name ${cluster.name} --region ${cluster.region}`);
  });
}

function readAccess({ access: level, namespace }: AddAdminOptions): Access {
  const wrong = namespace?.find((name) => !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name));
  if (wrong !== undefined) {
    throw new UserError("NamespaceInvalid", `${JSON.stringify(wrong)} can't be the name of a namespace`, {
      hint: "name each with a --namespace of its own; kubectl get namespaces lists them",
    });
  }
  return { level, namespaces: namespace };
}

function show({ notes, lines }: AddPlan, output: Output, { cluster }: OpenedCluster): void {
  for (const line of notes) output.note(`  ${line}`);
  if (lines.length > 0) output.note(`To be let into ${cluster.name} (${cluster.region}):`);
  for (const line of lines) output.note(`  + ${line}`);
}
