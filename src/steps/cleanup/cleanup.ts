import writeFileAtomic from "write-file-atomic";
import { describeCluster, kubeContext } from "../../aws/cluster.ts";
import { ToolError } from "../../errors.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { readyCommand } from "../../tools/kubectl.ts";
import { CommandError } from "../../tools/exec.ts";
import type { Installation } from "../installation.ts";
import { memo, type Memo } from "../memo.ts";

/** What is to become of homes, shared folders and secrets. */
export type DataChoice = "keep" | "delete";

/** How far Kubernetes can help to take things away in an orderly manner. */
type Reach =
  | { kind: "ok"; target: KubeTarget }
  /** There is no cluster, or one of that name that is not this deployment's. */
  | { kind: "gone"; why: string };

/** A deployment that is being taken away. */
export interface Cleanup extends Installation {
  readonly data: DataChoice;
  /** The id that proves in AWS what is this deployment's. */
  readonly id: string;
  /**
   * ToolError ClusterUnreachable when there is a cluster that can't be asked: destroyed like that it would leave users'
   * nodes and the hub's disk behind.
   */
  readonly reach: Memo<Reach>;
}

export function asCleanup(installation: Installation, { data, id }: Pick<Cleanup, "data" | "id">): Cleanup {
  return Object.assign(installation, { data, id, reach: memo(() => findReach(installation, id)) });
}

async function findReach(installation: Installation, id: string): Promise<Reach> {
  const { aws, config, workDir, exec } = installation;
  const cluster = await describeCluster(aws, config.name);
  if (!cluster) return { kind: "gone", why: "there is no cluster" };
  if (cluster.tags?.["hubctl:id"] !== id) {
    return { kind: "gone", why: `the cluster named ${config.name} is not this deployment's` };
  }
  const text = await installation.kubeconfigText();
  if (text === undefined) throw unreachable(config.name, `it is ${cluster.status ?? "in an unknown state"}`);
  // hubctl's own file in its own folder: it may be missing on a second operator's machine.
  await writeFileAtomic(workDir.kubeconfig, text, { mode: 0o600 });
  const target = { kubeconfig: workDir.kubeconfig, context: kubeContext(config.name) };
  try {
    await exec(readyCommand(target));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw unreachable(config.name, error.output ?? error.message, error);
  }
  return { kind: "ok", target };
}

function unreachable(name: string, output: string, cause?: unknown): ToolError {
  return new ToolError(
    "ClusterUnreachable",
    `the API server of the cluster ${name} can't be reached; nothing was touched`,
    {
      output,
      cause,
      hint:
        "run it where the cluster can be reached, as one who may administer it. " +
        "Destroyed without it, the cluster would leave users' nodes and the hub's disk behind",
    },
  );
}
