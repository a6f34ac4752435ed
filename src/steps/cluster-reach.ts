import writeFileAtomic from "write-file-atomic";
import { describeCluster, kubeContext } from "../aws/cluster.ts";
import { waitSeconds } from "../engine/retry.ts";
import { AbortError, ToolError, UserError } from "../errors.ts";
import { CommandError } from "../tools/exec.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { readyCommand } from "../tools/kubectl.ts";
import type { Installation } from "./installation.ts";
import { memo, type Memo } from "./memo.ts";

/** How far Kubernetes can be asked. */
export type Reach =
  | { kind: "ok"; target: KubeTarget }
  /** There is no cluster, or one of that name that is not this deployment's. */
  | { kind: "gone"; why: string }
  /** There is one, but it can't be asked. */
  | { kind: "unreachable"; why: string };

/** `id` is the deployment's, which proves whose cluster it is. */
export async function findReach(installation: Installation, id: string): Promise<Reach> {
  const { aws, config, workDir } = installation;
  const cluster = await describeCluster(aws, config.name);
  if (!cluster) return { kind: "gone", why: "there is no cluster" };
  if (cluster.tags?.["hubctl:id"] !== id) {
    return { kind: "gone", why: `the cluster named ${config.name} is not this deployment's` };
  }
  const text = await installation.kubeconfigText();
  if (text === undefined) {
    return { kind: "unreachable", why: `the cluster is ${cluster.status ?? "in an unknown state"}` };
  }
  // hubctl's own file in its own folder: it may be missing on a second operator's machine.
  await writeFileAtomic(workDir.kubeconfig, text, { mode: 0o600 });
  const target = { kubeconfig: workDir.kubeconfig, context: kubeContext(config.name) };
  const refusal = await askThreeTimes(installation, target);
  if (refusal === undefined) return { kind: "ok", target };
  return { kind: "unreachable", why: `the cluster does not answer (${lastLine(refusal)})` };
}

/** An installed deployment whose cluster answers. */
export interface Reached extends Installation {
  readonly cluster: Memo<KubeTarget>;
}

export function withCluster(installation: Installation): Reached {
  return Object.assign(installation, { cluster: memo(() => requireCluster(installation)) });
}

/** The cluster of an installed deployment, for what is of no use without one. */
async function requireCluster(installation: Installation): Promise<KubeTarget> {
  const { name } = installation.deployment;
  const { lock, recorded } = await installation.lock();
  const reach: Reach = recorded
    ? await findReach(installation, lock.id)
    : { kind: "gone", why: "it was never installed from here" };
  switch (reach.kind) {
    case "ok":
      return reach.target;
    case "gone":
      throw new UserError("NotInstalled", `${name} is not installed: ${reach.why}`, {
        hint: `hubctl install --deployment ${name}, or, if it was installed elsewhere: hubctl init --fetch ${name}`,
      });
    case "unreachable":
      throw new ToolError("ClusterUnreachable", `the cluster of ${name} can't be asked: ${reach.why}`, {
        hint: `hubctl status --deployment ${name} tells what is not well`,
      });
  }
}

/** A single answer that got lost must not make it look dead. Undefined when it answers. */
async function askThreeTimes({ exec, signal }: Installation, target: KubeTarget): Promise<CommandError | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await exec(readyCommand(target));
      return undefined;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (signal.aborted) throw new AbortError("Interrupted", "interrupted while asking the cluster", { cause: error });
      if (attempt === 3) return error;
      await waitSeconds(5, signal);
    }
  }
}

function lastLine({ output, message }: CommandError): string {
  return (output ?? "").trim().split("\n").at(-1) || message;
}
