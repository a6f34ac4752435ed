import writeFileAtomic from "write-file-atomic";
import { createClients } from "../../aws/clients.ts";
import { describeCluster, kubeContext } from "../../aws/cluster.ts";
import { takeInventory, type Inventory } from "../../aws/inventory/index.ts";
import type { Category } from "../../aws/inventory/resource.ts";
import { readLock } from "../../config/lock-file.ts";
import { waitSeconds } from "../../engine/retry.ts";
import { AbortError, type HubctlError } from "../../errors.ts";
import { CommandError } from "../../tools/exec.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { readyCommand } from "../../tools/kubectl.ts";
import type { Installation } from "../installation.ts";
import { memo, type Memo } from "../memo.ts";
import { isOwn } from "./belongings.ts";

/** What is to become of homes, shared folders and secrets. */
export type DataChoice = "keep" | "delete";

/** How far Kubernetes can help to take things away in an orderly manner. */
type Reach =
  | { kind: "ok"; target: KubeTarget }
  /** There is no cluster, or one of that name that is not this deployment's. */
  | { kind: "gone"; why: string }
  /** There is one, but it can't be asked: what is in it is found and deleted in AWS. */
  | { kind: "unreachable"; why: string };

/** A deployment that is being taken away. */
export interface Cleanup extends Installation {
  readonly data: DataChoice;
  /** Go on though the hub's accounts could not be copied. */
  readonly withoutHubDatabase: boolean;
  /** The id that proves in AWS what is this deployment's. */
  readonly id: string;
  readonly reach: Memo<Reach>;
  /** What AWS shows of this deployment alone; forgotten by every step that changes something. */
  readonly inventory: Memo<Inventory>;
  /** The same, asked anew, and of these categories only. */
  takeInventory(categories?: readonly Category[]): Promise<Inventory>;
  /** Of steps without which the list went on, by their ids. */
  readonly failures: Map<string, HubctlError>;
  /** Why AWS has not deleted something, by its key. */
  readonly refusals: Map<string, string>;
}

/** Throttled calls are made again, ever more slowly. */
const pace = { retryMode: "adaptive", maxAttempts: 10 } as const;

export function asCleanup(
  installation: Installation,
  options: Pick<Cleanup, "data" | "id"> & Partial<Pick<Cleanup, "withoutHubDatabase">>,
): Cleanup {
  const { aws, config, deployment } = installation;
  const { id } = options;
  const take = async (categories?: readonly Category[]): Promise<Inventory> => {
    const { account } = await installation.caller();
    const clientsIn = (region: string) => createClients(region, config.aws, pace);
    const whole = await takeInventory(clientsIn(aws.region), {
      account,
      heldLock: config.name,
      clientsIn,
      ...(categories && { categories }),
    });
    return { ...whole, resources: whole.resources.filter((one) => isOwn(one, { id, name: config.name })) };
  };
  const lock = readLock(deployment.lockFile);
  return Object.assign(installation, {
    withoutHubDatabase: false,
    ...options,
    reach: memo(async () => {
      // Terraform of a killed run may be taking the cluster away: it is asked, or called gone, when that is over.
      await installation.stacks.cluster.follow();
      return findReach(installation, id);
    }),
    inventory: memo(() => take()),
    takeInventory: take,
    failures: new Map<string, HubctlError>(),
    refusals: new Map<string, string>(),
    // As recorded: what a configuration would add to it by now is of no use any more, and may not even exist.
    ...(lock && { lock: memo(() => Promise.resolve({ lock, recorded: true })) }),
  });
}

async function findReach(installation: Installation, id: string): Promise<Reach> {
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
