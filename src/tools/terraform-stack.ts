import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  initCommand,
  outputCommand,
  planCommand,
  applyCommand,
  forceUnlockCommand,
  pushStateCommand,
  showPlanCommand,
  untaintCommand,
} from "./terraform.ts";
import { parseOutputs, type TerraformBinary, type TerraformFolder } from "./terraform.ts";
import { parsePlanDetails, type PlanDetails } from "./plan-details.ts";
import { emptyPlan, parsePlan, type PlanSummary } from "./terraform-plan.ts";
import { followEarlierRun, runTerraform } from "./terraform-run.ts";
import type { TerraformReport, TerraformRunDependencies } from "./terraform-run.ts";

export interface StackOptions {
  dir: string;
  binary: TerraformBinary;
  /** Folder that the stacks of a deployment share for unpacked providers. */
  pluginCache: string;
}

export interface PlannedStack {
  /** The saved plan: what was checked is what will be applied. */
  file: string;
  summary: PlanSummary;
  details: PlanDetails;
}

interface PlanOptions {
  destroy: boolean;
  /** Addresses of the only resources that the plan is about. */
  targets?: readonly string[];
  /** A plan that is only looked at needs no lock of the state, and no right to write one. */
  isLocked?: boolean;
}

/** One rendered stack, and Terraform to work on it. */
export interface Stack {
  /** Follows what an earlier run left working, then makes the folder ready; does nothing if it is. */
  init(report: TerraformReport): Promise<void>;
  plan(report: TerraformReport, options?: PlanOptions): Promise<PlannedStack>;
  apply(planned: PlannedStack, report: TerraformReport): Promise<void>;
  /** Includes sensitive ones. */
  outputs(): Promise<Record<string, unknown>>;
  /** Keeps a resource that Terraform takes for half made. */
  untaint(address: string): Promise<void>;
  /** When Terraform left a state here that it could not save; undefined if it left none. */
  unsavedSince(): Date | undefined;
  pushUnsaved(): Promise<void>;
  /** Takes away a lock of the state whose holder is known to be gone. */
  forceUnlock(lockId: string): Promise<void>;
  /** Where Terraform keeps the checksums of its providers; put one there before `init` to have it respected. */
  readonly providerLockFile: string;
}

/** A state that Terraform could not save; the name is Terraform's. */
export const unsavedState = "errored.tfstate";

export function createStack(options: StackOptions, dependencies: TerraformRunDependencies): Stack {
  const { dir, binary, pluginCache } = options;
  const folder: TerraformFolder = { file: binary.file, dir, pluginCache };
  const planFile = join(dir, "plan.tfplan");
  const unsaved = join(dir, unsavedState);
  const { exec } = dependencies;
  return {
    providerLockFile: providerLockFile(dir),
    async init(report) {
      await followEarlierRun(dir, dependencies, report);
      await oneAtATime(pluginCache, () => initialise(folder, options, dependencies, report));
    },
    async plan(report, options = { destroy: false }) {
      rmSync(planFile, { force: true });
      const command = planCommand(folder, { out: planFile, ...options });
      const status = await runTerraform({ command, dir, action: "plan", accept: [2] }, dependencies, report);
      if (status === 0) return { file: planFile, summary: emptyPlan(), details: { changes: [], drift: [] } };
      const { stdout } = await exec(showPlanCommand(folder, planFile));
      return { file: planFile, summary: parsePlan(stdout), details: parsePlanDetails(stdout) };
    },
    async apply({ file, summary }, report) {
      const total = summary.create.length + summary.update.length + summary.delete.length + 2 * summary.replace.length;
      await runTerraform({ command: applyCommand(folder, file), dir, action: "apply", total }, dependencies, report);
      rmSync(file, { force: true });
    },
    outputs: async () => parseOutputs((await exec(outputCommand(folder))).stdout),
    async untaint(address) {
      await exec(untaintCommand(folder, address));
    },
    unsavedSince: () => statSync(unsaved, { throwIfNoEntry: false })?.mtime,
    async pushUnsaved() {
      await exec(pushStateCommand(folder, unsaved));
      rmSync(unsaved);
    },
    async forceUnlock(lockId) {
      await exec(forceUnlockCommand(folder, lockId));
    },
  };
}

const initialising = new Map<string, Promise<void>>();

/** Terraform's plugin cache does not bear two installations at once. */
async function oneAtATime(key: string, work: () => Promise<void>): Promise<void> {
  const before = initialising.get(key) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(work);
  initialising.set(key, mine);
  await mine;
}

async function initialise(
  folder: TerraformFolder,
  options: StackOptions,
  dependencies: TerraformRunDependencies,
  report: TerraformReport,
): Promise<void> {
  const { dir, pluginCache, binary } = options;
  mkdirSync(pluginCache, { recursive: true });
  const sources = readSources(dir);
  const mark = join(dir, ".terraform", "hubctl-initialised");
  const lock = providerLockFile(dir);
  const fingerprint = hash(binary.file, binary.version, sources, readIfThere(lock));
  if (readIfThere(mark) === fingerprint && hasProviders(dir)) return;

  // Without checksums Terraform would unpack into the cache again, under the feet of the stack that is using it.
  const known = join(pluginCache, `${hash(requiredProviders(sources))}.lock.hcl`);
  if (!existsSync(lock) && existsSync(known)) copyFileSync(known, lock);
  report.progress("installing Terraform's providers");
  await runTerraform({ command: initCommand(folder), dir, action: "init" }, dependencies, report);
  if (existsSync(lock)) copyFileSync(lock, known);
  mkdirSync(join(dir, ".terraform"), { recursive: true });
  writeFileSync(mark, hash(binary.file, binary.version, sources, readIfThere(lock)));
}

function readSources(dir: string): string {
  const names = readdirSync(dir).filter((name) => name.endsWith(".tf") || name.endsWith(".tf.json"));
  return names
    .sort()
    .map((name) => readFileSync(join(dir, name), "utf8"))
    .join("\n");
}

/** The text of the block, up to a closing brace at its own depth. */
function requiredProviders(sources: string): string {
  return /required_providers\s*\{(?:[^{}]|\{[^{}]*\})*\}/.exec(sources)?.[0].replaceAll(/\s+/g, " ") ?? "";
}

/** Whether every provider that the folder links to is still there. */
function hasProviders(dir: string): boolean {
  const providers = join(dir, ".terraform", "providers");
  if (!existsSync(providers)) return true;
  return readdirSync(providers, { recursive: true, encoding: "utf8" }).every((name) =>
    existsSync(join(providers, name)),
  );
}

function providerLockFile(dir: string): string {
  return join(dir, ".terraform.lock.hcl");
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function hash(...texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex");
}
