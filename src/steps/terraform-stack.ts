import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readStateObject, writeStateObject } from "../aws/state-object.ts";
import { terraformVariables } from "../config/terraform-variables.ts";
import type { StackName } from "../config/work-dir.ts";
import type { Checked, Report } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import { describePlan, isTainted, refuseDestructive, type PlanSummary } from "../tools/terraform-plan.ts";
import { followEarlierRun, type TerraformRunDependencies } from "../tools/terraform-run.ts";
import { createStack, type PlannedStack, type Stack } from "../tools/terraform-stack.ts";
import { releaseDeadStateLock } from "./dead-state-lock.ts";
import type { Installation } from "./installation.ts";
import { memo } from "./memo.ts";
import { sortTainted } from "./tainted-resources.ts";
import { stackKey, terraformOverride } from "./terraform-override.ts";
import { saveUnsavedState } from "./unsaved-state.ts";

/** One of the deployment's two Terraform stacks. */
export interface DeploymentStack {
  /** Comes to its end when Terraform of a killed run has: what the stack consists of may change until then. */
  follow(): Promise<void>;
  /** Rendered and initialised: with the state in the bucket, or on empty state while there is no bucket. */
  prepare(): Promise<Stack>;
  /** Empty until the stack has been applied. */
  outputs(): Promise<Record<string, unknown>>;
  /** The plan that the operator saw first. */
  shown?: PlanSummary;
}

const templates = join(import.meta.dirname, "..", "..", "templates", "terraform");

export function deploymentStack(
  name: StackName,
  installation: Installation,
  dependencies: TerraformRunDependencies,
): DeploymentStack {
  // The folder's backend is another one once there is a state bucket.
  const onEmptyState = memo(() => prepareStack(name, "local", installation, dependencies));
  const onBucket = memo(() => prepareStack(name, "s3", installation, dependencies));
  return {
    follow: () => followKilledRun(name, installation, dependencies),
    prepare: async () => ((await installation.stateBucketReady()) ? onBucket() : onEmptyState()),
    outputs: async () => ((await installation.stateBucketReady()) ? (await onBucket()).outputs() : {}),
  };
}

async function followKilledRun(
  name: StackName,
  installation: Installation,
  dependencies: TerraformRunDependencies,
): Promise<void> {
  const { config, workDir, stateBucketReady } = installation;
  const stateKey = stackKey(config.name, name, "terraform.tfstate");
  await followEarlierRun(workDir.terraform(name), dependencies, reportTo(installation), async (earlier) => {
    if (await stateBucketReady()) await releaseDeadStateLock(earlier, stateKey, installation);
  });
}

async function prepareStack(
  name: StackName,
  backend: "local" | "s3",
  installation: Installation,
  dependencies: TerraformRunDependencies,
): Promise<Stack> {
  const { config, workDir, aws } = installation;
  const [{ lock }, binary] = await Promise.all([installation.lock(), installation.terraform()]);
  const dir = workDir.terraform(name);
  const report = reportTo(installation);
  const stateKey = stackKey(config.name, name, "terraform.tfstate");
  // Terraform of a killed run may still work in this folder: nothing is rendered under its hands.
  await followKilledRun(name, installation, dependencies);
  await copyTemplates(join(templates, name), dir);
  await writeFile(join(dir, "terraform.tfvars.json"), toJson(terraformVariables(name, config, lock)));
  await writeFile(join(dir, "deployment_override.tf.json"), toJson(terraformOverride(name, backend, { config, lock })));

  const stack = createStack({ dir, binary, pluginCache: join(workDir.path, "providers") }, dependencies);
  const checksums = stackKey(config.name, name, "terraform.lock.hcl");
  const kept = backend === "s3" ? await readStateObject(aws, lock.account, checksums) : undefined;
  if (kept !== undefined) await writeFile(stack.providerLockFile, kept);
  await stack.init(report);
  if (backend === "s3") await saveUnsavedState(stack, stateKey, installation);
  const present = await readFile(stack.providerLockFile, "utf8");
  if (backend === "s3" && present !== kept) await writeStateObject(aws, lock.account, checksums, present);
  return stack;
}

/** For what is asked before a step has a line of its own on the screen. */
function reportTo({ note }: Installation): Report {
  return { progress: () => undefined, note };
}

async function copyTemplates(from: string, to: string): Promise<void> {
  const isTemplate = (file: string) => file.endsWith(".tf");
  await mkdir(to, { recursive: true, mode: 0o700 });
  const [wanted, present] = await Promise.all([readdir(from), readdir(to)]);
  const stale = present.filter((file) => isTemplate(file) && !wanted.includes(file));
  await Promise.all([
    ...stale.map((file) => rm(join(to, file))),
    ...wanted.filter(isTemplate).map((file) => copyFile(join(from, file), join(to, file))),
  ]);
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The check of a stack's step. A plan that is made again may hold nothing that was not shown. */
export function checkStack(name: StackName) {
  return async (installation: Installation): Promise<Checked<PlannedStack>> => {
    const stack = installation.stacks[name];
    const plan = await planKeepingUnfinished(await stack.prepare(), installation);
    if (stack.shown) refuseUnshown(plan.summary, stack.shown);
    stack.shown ??= plan.summary;
    if (!plan.summary.isEmpty) return { change: describePlan(plan.summary), plan };
    // Later checks need them; asked here, the one stack's are read while the other is still being planned.
    await (name === "storage" ? installation.storageOutputs() : installation.clusterOutputs());
    return { done: "the plan is empty" };
  };
}

/** Plans; and plans again if an interrupted run left resources that Terraform would needlessly make anew. */
async function planKeepingUnfinished(stack: Stack, installation: Installation): Promise<PlannedStack> {
  const report = reportTo(installation);
  let plan = await stack.plan(report);
  const { keep, failed } = await sortTainted(installation, plan.summary);
  for (const address of keep) await stack.untaint(address);
  if (keep.length > 0) plan = await stack.plan(report);
  refuseDestructive(plan.summary, ({ address }) => failed.has(address));
  return plan;
}

/**
 * New resources may turn up (a first plan is made on empty state), and what failed to be created may be made anew;
 * other changes and deletions must have been seen.
 */
function refuseUnshown(plan: PlanSummary, shown: PlanSummary): void {
  const seen = new Set([...shown.update, ...shown.replace, ...shown.delete].map(({ address }) => address));
  const unmade = new Set(plan.replace.filter(isTainted).map(({ address }) => address));
  const unseen = [...plan.update, ...plan.replace, ...plan.delete].filter(
    ({ address }) => !seen.has(address) && !unmade.has(address),
  );
  if (unseen.length === 0) return;
  const names = unseen.map(({ address }) => address).join(", ");
  throw new UserError("PlanChanged", `the plan has changed since it was shown: it would now also change ${names}`, {
    hint: "run the same command again to see and confirm the whole plan",
  });
}

export function applyStack(name: StackName) {
  return async (installation: Installation, plan: PlannedStack, report: Report): Promise<void> => {
    const stack = await installation.stacks[name].prepare();
    await stack.apply(plan, report);
    installation.forget();
  };
}
