import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Command, CommandError, type Exec } from "./exec.ts";

/** Which cluster, as whom. Every call names it, whatever the operator's shell is set to. */
export interface KubeTarget {
  kubeconfig: string;
  context: string;
}

export interface ReleaseTarget extends KubeTarget {
  release: string;
  namespace: string;
}

export interface UpgradeOptions {
  /** The words that name the chart: a path, or a name with --repo and --version. */
  chart: readonly string[];
  values: Record<string, unknown>;
  /** Of the values, those that must not show up in anything that Helm prints. */
  secrets?: readonly string[];
  timeoutSeconds: number;
  createNamespace?: boolean;
}

/**
 * What somebody has changed by hand becomes what the release says; otherwise the API server would refuse all of it:
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
 */
const putBack = ["--server-side=true", "--force-conflicts"];

/**
 * Values go through standard input. A failed upgrade is not rolled back: what broke it is needed to see why, and the
 * next run upgrades from there.
 */
export function upgradeCommand(target: ReleaseTarget, options: UpgradeOptions): Command {
  const { release, ...place } = target;
  return {
    ...helm(place, [
      "upgrade",
      "--install",
      release,
      ...options.chart,
      "--values",
      "-",
      "--wait",
      "--timeout",
      `${options.timeoutSeconds}s`,
      "--history-max",
      "10",
      ...putBack,
      ...(options.createNamespace === false ? [] : ["--create-namespace"]),
    ]),
    input: JSON.stringify(options.values),
    ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
  };
}

/** The upgrade, made up by Helm and the API server and not carried out; secrets included, so it belongs into no log. */
export function dryRunCommand(target: ReleaseTarget, { chart, values }: UpgradeOptions): Command {
  const { release, ...place } = target;
  const flags = ["--values", "-", "--dry-run=server", "--output", "json"];
  return { ...helm(place, ["upgrade", release, ...chart, ...flags]), input: JSON.stringify(values) };
}

/** The objects that the upgrade would ask for. */
export function parseDryRun(stdout: string): string {
  return z.object({ manifest: z.string() }).parse(JSON.parse(stdout)).manifest;
}

/**
 * Prints the objects that an upgrade would ask for, secrets included: its result belongs into no log. The cluster is not
 * asked, so what a chart looks up there is missing.
 */
export function templateCommand(
  target: ReleaseTarget,
  { chart, values, kubeVersion }: Pick<UpgradeOptions, "chart" | "values"> & { kubeVersion: string },
): Command {
  const { release, ...place } = target;
  const flags = ["--values", "-", "--is-upgrade", "--no-hooks", "--kube-version", kubeVersion];
  return { ...helm(place, ["template", release, ...chart, ...flags]), input: JSON.stringify(values) };
}

export function metadataCommand(target: ReleaseTarget): Command {
  const { release, ...place } = target;
  return helm(place, ["get", "metadata", release, "--output", "json"]);
}

/** Prints the values as they are, secrets included: its result belongs into no log. */
export function valuesCommand(target: ReleaseTarget, revision?: number): Command {
  const { release, ...place } = target;
  return helm(place, ["get", "values", release, "--output", "json", ...revisionFlag(revision)]);
}

/** Prints the objects that the last revision asked for, secrets included: its result belongs into no log. */
export function manifestCommand(target: ReleaseTarget, revision?: number): Command {
  const { release, ...place } = target;
  return helm(place, ["get", "manifest", release, ...revisionFlag(revision)]);
}

export function historyCommand(target: ReleaseTarget): Command {
  const { release, ...place } = target;
  return helm(place, ["history", release, "--output", "json"]);
}

/** Waits, so that a revision is never taken for good that has not been seen running. */
export function rollbackCommand(target: ReleaseTarget, revision: number): Command {
  const { release, ...place } = target;
  return helm(place, ["rollback", release, String(revision), "--wait", "--timeout", "900s", ...putBack]);
}

/** Waits until what the release holds is gone. */
export function uninstallCommand(target: ReleaseTarget, timeoutSeconds: number): Command {
  const { release, ...place } = target;
  return helm(place, ["uninstall", release, "--ignore-not-found", "--wait", "--timeout", `${timeoutSeconds}s`]);
}

/** Every release of the cluster, in whatever state its last revision is. */
export function listCommand(target: KubeTarget): Command {
  return { ...helmFor(target), args: ["list", "--all-namespaces", "--output", "json", ...clusterFlags(target)] };
}

export function versionCommand(): Command {
  return { file: "helm", args: ["version", "--template", "{{.Version}}"] };
}

export interface ReleaseMetadata {
  chart: string;
  version: string;
  revision: number;
  /** "deployed", "failed", "pending-install", "pending-upgrade", … */
  status: string;
}

const metadataSchema = z.object({
  chart: z.string(),
  version: z.string(),
  revision: z.number(),
  status: z.string(),
});

export function parseMetadata(stdout: string): ReleaseMetadata {
  return metadataSchema.parse(JSON.parse(stdout));
}

/** A release without values of its own has `null`. */
export function parseValues(stdout: string): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).nullable().parse(JSON.parse(stdout)) ?? {};
}

const historySchema = z.array(
  z.object({
    revision: z.number(),
    status: z.string(),
    /** Name and version: "jupyterhub-4.4.0" */
    chart: z.string().optional(),
  }),
);

export function parseHistory(stdout: string): z.infer<typeof historySchema> {
  return historySchema.parse(JSON.parse(stdout));
}

const listSchema = z.array(
  z.object({
    name: z.string(),
    namespace: z.string(),
    revision: z.string(),
    status: z.string(),
    /** Name and version: "jupyterhub-4.4.0" */
    chart: z.string(),
  }),
);
export type ListedRelease = z.infer<typeof listSchema>[number];

export function parseReleaseList(stdout: string): ListedRelease[] {
  return listSchema.parse(JSON.parse(stdout));
}

export interface WantedRelease {
  chart: string;
  version: string;
  values: Record<string, unknown>;
}

export type ReleaseState =
  | { kind: "missing" }
  | { kind: "current"; revision: number }
  /** A Helm that was killed left it like this; it must be put right before the next upgrade. */
  | { kind: "interrupted"; status: string; rollbackTo: number }
  | { kind: "different"; reasons: string[] };

/**
 * Compares the release with what is wanted, since `helm upgrade` would always make a revision. Values are compared
 * in memory, and only the names of those that differ are told.
 */
export async function readReleaseState(
  exec: Exec,
  target: ReleaseTarget,
  wanted: WantedRelease,
): Promise<ReleaseState> {
  const metadata = await readMetadata(exec, target);
  if (metadata === undefined) return { kind: "missing" };
  if (metadata.status.startsWith("pending-") || metadata.status === "uninstalling") {
    const history = parseHistory((await exec(historyCommand(target))).stdout);
    return { kind: "interrupted", status: metadata.status, rollbackTo: findWayOut(metadata, history, wanted) };
  }
  const values = parseValues((await exec(valuesCommand(target))).stdout);
  const reasons = [
    ...(metadata.status === "deployed" ? [] : [`its last revision is ${metadata.status}`]),
    ...(metadata.chart === wanted.chart && metadata.version === wanted.version
      ? []
      : [`chart ${metadata.chart} ${metadata.version} -> ${wanted.chart} ${wanted.version}`]),
    ...describeDifference(values, wanted.values),
  ];
  return reasons.length === 0 ? { kind: "current", revision: metadata.revision } : { kind: "different", reasons };
}

/**
 * The last good revision; but the unfinished one itself, if only that has the chart version to go on with: it may have
 * changed data already (the hub its database), so that the other version could not read them.
 */
function findWayOut(
  { chart, version, revision }: ReleaseMetadata,
  history: ReturnType<typeof parseHistory>,
  wanted: WantedRelease,
): number {
  const lastGood = history.findLast(({ status }) => status === "deployed" || status === "superseded");
  const fitting = [`${chart}-${version}`, `${wanted.chart}-${wanted.version}`];
  return lastGood && fitting.includes(lastGood.chart ?? "") ? lastGood.revision : revision;
}

/** The newest former revision that was just what is wanted, and went well. */
export async function findFormerRevision(
  exec: Exec,
  target: ReleaseTarget,
  wanted: WantedRelease,
): Promise<number | undefined> {
  const history = parseHistory((await exec(historyCommand(target))).stdout);
  const candidates = history.filter(
    ({ status, chart }) =>
      (status === "superseded" || status === "deployed") && chart === `${wanted.chart}-${wanted.version}`,
  );
  for (const { revision } of candidates.reverse()) {
    const values = parseValues((await exec(valuesCommand(target, revision))).stdout);
    if (describeDifference(values, wanted.values).length === 0) return revision;
  }
  return undefined;
}

/**
 * Makes a release that a killed Helm left behind ready for the next upgrade, and deletes nothing: an unfinished revision
 * that is rolled back to itself applies what it was to apply.
 */
export async function repairRelease(
  exec: Exec,
  target: ReleaseTarget,
  state: Extract<ReleaseState, { kind: "interrupted" }>,
): Promise<void> {
  await exec(rollbackCommand(target, state.rollbackTo));
}

export async function isInstalled(exec: Exec, target: ReleaseTarget): Promise<boolean> {
  return (await readMetadata(exec, target)) !== undefined;
}

/** Undefined if there is no such release. */
export async function readMetadata(exec: Exec, target: ReleaseTarget): Promise<ReleaseMetadata | undefined> {
  try {
    return parseMetadata((await exec(metadataCommand(target))).stdout);
  } catch (error) {
    // The one answer that Helm gives in words only.
    if (error instanceof CommandError && error.fullOutput.includes("release: not found")) return undefined;
    throw error;
  }
}

function describeDifference(current: Record<string, unknown>, wanted: Record<string, unknown>): string[] {
  // Helm keeps values as JSON: what has no JSON form, like undefined, is not there.
  const plain = z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(wanted)));
  const names = [...new Set([...Object.keys(current), ...Object.keys(plain)])].sort();
  const changed = names.filter((name) => !isDeepStrictEqual(current[name], plain[name]));
  return changed.length === 0 ? [] : [`values of ${changed.join(", ")}`];
}

function revisionFlag(revision: number | undefined): string[] {
  return revision === undefined ? [] : ["--revision", String(revision)];
}

function helm(place: KubeTarget & { namespace: string }, args: readonly string[]): Command {
  return { ...helmFor(place), args: [...args, "--namespace", place.namespace, ...clusterFlags(place)] };
}

function helmFor(target: KubeTarget): Omit<Command, "args"> {
  // Helm's own variables would win over the kubeconfig, or keep releases elsewhere.
  const disturbing = ["HELM_DRIVER", "HELM_NAMESPACE", "HELM_KUBEAPISERVER", "HELM_KUBETOKEN", "HELM_KUBEASUSER"];
  const more = ["HELM_KUBEASGROUPS", "HELM_KUBECAFILE", "HELM_KUBECONTEXT", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY"];
  const env = Object.fromEntries([...disturbing, ...more].map((name) => [name, undefined]));
  return { file: "helm", env: { ...env, KUBECONFIG: target.kubeconfig } };
}

function clusterFlags({ kubeconfig, context }: KubeTarget): string[] {
  return ["--kubeconfig", kubeconfig, "--kube-context", context];
}
