import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readStateObject, writeStateObject } from "../aws/state-object.ts";
import { terraformVariables } from "../config/terraform-variables.ts";
import type { StackName } from "../config/work-dir.ts";
import type { Drift, ObjectChange } from "../engine/object-change.ts";
import type { Checked, Report } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import { findLosses, preciousTainted } from "../tools/plan-guard.ts";
import { describePlan, isTainted, type PlanSummary, type ResourceChange } from "../tools/terraform-plan.ts";
import { parseStateOutputs } from "../tools/terraform.ts";
import { followEarlierRun, type TerraformRunDependencies } from "../tools/terraform-run.ts";
import { createStack, type PlannedStack, type Stack } from "../tools/terraform-stack.ts";
import { releaseDeadStateLock } from "./dead-state-lock.ts";
import type { Installation } from "./installation.ts";
import { memo } from "./memo.ts";
import { sortTainted } from "./tainted-resources.ts";
import { namesProvider, stackKey, terraformOverride } from "./terraform-override.ts";
import { saveUnsavedState } from "./unsaved-state.ts";

/** One of the deployment's two Terraform stacks. */
export interface DeploymentStack {
  /** Comes to its end when Terraform of a killed run has: what the stack consists of may change until then. */
  follow(): Promise<void>;
  /** Rendered and initialised: with the state in the bucket, or on empty state while there is no bucket. */
  prepare(): Promise<Stack>;
  /** Empty until the stack has been applied. */
  outputs(): Promise<Record<string, unknown>>;
  /** The plan that the operator saw. */
  shown?: PlanSummary;
  /** The same, attribute by attribute. */
  shownChanges?: readonly ObjectChange[];
  /** What has changed in AWS since the last run, as the latest plan found it. */
  drift?: readonly Drift[];
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
    async outputs() {
      if (!(await installation.stateBucketReady())) return {};
      return installation.isReading ? readStateOutputs(name, installation) : (await onBucket()).outputs();
    },
  };
}

/** Straight from the state, which needs no folder that is ready and so is known while plans are being made. */
export async function readStateOutputs(name: StackName, installation: Installation): Promise<Record<string, unknown>> {
  const { aws, config } = installation;
  const { account } = (await installation.lock()).lock;
  const state = await readStateObject(aws, account, stackKey(config.name, name, "terraform.tfstate"));
  return state === undefined ? {} : parseStateOutputs(state);
}

async function followKilledRun(
  name: StackName,
  installation: Installation,
  dependencies: TerraformRunDependencies,
): Promise<void> {
  const { config, workDir, isReading, stateBucketReady } = installation;
  const stateKey = stackKey(config.name, name, "terraform.tfstate");
  await followEarlierRun(workDir.terraform(name), dependencies, reportTo(installation), async (earlier) => {
    if (!isReading && (await stateBucketReady())) await releaseDeadStateLock(earlier, stateKey, installation);
  });
}

async function prepareStack(
  name: StackName,
  backend: "local" | "s3",
  installation: Installation,
  dependencies: TerraformRunDependencies,
): Promise<Stack> {
  const { config, workDir, aws, isReading } = installation;
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
  await dropOtherProvider(stack.providerLockFile, lock.provider);
  await stack.init(report);
  if (isReading) return stack;
  if (backend === "s3") await saveUnsavedState(stack, stateKey, installation);
  const present = await readFile(stack.providerLockFile, "utf8");
  if (backend === "s3" && present !== kept) await writeStateObject(aws, lock.account, checksums, present);
  return stack;
}

/** Terraform refuses to go on with checksums of another version than the one that is wanted. */
async function dropOtherProvider(file: string, version: string): Promise<void> {
  const checksums = await readFile(file, "utf8").catch(() => undefined);
  if (checksums !== undefined && !namesProvider(checksums, version)) await rm(file);
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

/**
 * The check of a stack's step, which has another title where the stack is there. A plan that is made again in a run may
 * hold nothing that was not shown.
 */
export function checkStack(name: StackName, titleOfChange: string) {
  return async (installation: Installation): Promise<Checked<PlannedStack>> => {
    const stack = installation.stacks[name];
    const plan = await (installation.isReading ? planOnly : planKeepingUnfinished)(
      name,
      await stack.prepare(),
      installation,
    );
    stack.drift = plan.details.drift;
    if (stack.shown && !installation.guard.isPutOff) refuseUnshown(plan, stack.shown, stack.shownChanges);
    else [stack.shown, stack.shownChanges] = [plan.summary, plan.details.changes];
    // Later checks need them; asked here, the one stack's are read while the other is still being planned.
    const outputs = await (name === "storage" ? installation.storageOutputs() : installation.clusterOutputs());
    if (plan.summary.isEmpty) return { done: "the plan is empty" };
    return { change: describePlan(plan.summary), plan, ...(outputs && { title: titleOfChange }) };
  };
}

/** What an interrupted run left unfinished stays so, and is shown as what would be made anew. */
async function planOnly(name: StackName, stack: Stack, installation: Installation): Promise<PlannedStack> {
  const plan = await stack.plan(reportTo(installation), { destroy: false, isLocked: false });
  const unfinished = preciousTainted(plan.summary).map(({ address }) => address);
  if (unfinished.length > 0) {
    installation.note(
      `! an interrupted run did not see the end of ${unfinished.join(", ")}: the next run keeps what AWS has finished since, and this plan shows it as made anew`,
    );
  }
  installation.guard.weigh(
    `${name}-stack`,
    findLosses(plan.summary, () => true),
  );
  return plan;
}

/** Plans; and plans again if an interrupted run left resources that Terraform would needlessly make anew. */
async function planKeepingUnfinished(name: StackName, stack: Stack, installation: Installation): Promise<PlannedStack> {
  const report = reportTo(installation);
  let plan = await stack.plan(report);
  const { keep, failed } = await sortTainted(installation, plan.summary);
  for (const address of keep) await stack.untaint(address);
  if (keep.length > 0) plan = await stack.plan(report);
  installation.guard.weigh(
    `${name}-stack`,
    findLosses(plan.summary, ({ address }) => failed.has(address)),
  );
  return plan;
}

/**
 * New resources may turn up (a first plan is made on empty state), and what failed to be created may be made anew;
 * other changes and deletions must have been seen, to the attribute.
 */
function refuseUnshown(
  { summary, details }: PlannedStack,
  shown: PlanSummary,
  shownChanges: readonly ObjectChange[] = [],
): void {
  const among = (lists: readonly ResourceChange[][]) => new Set(lists.flat().map(({ address }) => address));
  const seen = {
    change: among([shown.update, shown.replace]),
    replace: among([shown.replace]),
    // Of a replacement only that may be left.
    delete: among([shown.delete, shown.replace]),
  };
  const unseen = [
    ...summary.update.filter(({ address }) => !seen.change.has(address)).map(({ address }) => `change ${address}`),
    ...details.changes.flatMap((change) => unseenAttributes(change, shownChanges)),
    ...summary.replace
      .filter((change) => !seen.replace.has(change.address) && !isTainted(change))
      .map(({ address }) => `replace ${address}`),
    ...summary.delete.filter(({ address }) => !seen.delete.has(address)).map(({ address }) => `delete ${address}`),
  ];
  if (unseen.length === 0) return;
  throw new UserError(
    "PlanChanged",
    `the plan has changed since it was shown: it would now also ${unseen.join(", ")}`,
    {
      hint: "run the same command again to see and confirm the whole plan",
    },
  );
}

/** Of what was shown to change, and would now change in more. */
function unseenAttributes({ action, what, attributes }: ObjectChange, shown: readonly ObjectChange[]): string[] {
  const before = shown.find((change) => change.what === what && change.action === "change");
  if (action !== "change" || !before) return [];
  // What was not known yet is shown as a whole.
  const isShown = (path: string) =>
    before.attributes.some((one) => path === one.path || path.startsWith(`${one.path}.`));
  const more = attributes.filter(({ path }) => !isShown(path));
  return more.length === 0 ? [] : [`change ${more.map(({ path }) => path).join(", ")} of ${what}`];
}

export function previewStack(_: Installation, { details }: PlannedStack): Promise<ObjectChange[]> {
  return Promise.resolve(details.changes);
}

export function applyStack(name: StackName) {
  return async (installation: Installation, plan: PlannedStack, report: Report): Promise<void> => {
    const stack = await installation.stacks[name].prepare();
    await stack.apply(plan, report);
    installation.forget();
  };
}
