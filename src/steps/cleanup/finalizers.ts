import { ToolError } from "../../errors.ts";
import type { Exec } from "../../tools/exec.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { getCommand, parseFinalizers, replaceFinalizersCommand, type HeldObject } from "../../tools/kubectl.ts";

/** Why a finalizer may be taken away by hand, or why not. */
type Judgement = { isSafe: boolean; why: string };

export type JudgeFinalizer = (object: HeldObject, finalizer: string) => Judgement;

/** Finalizers that keep an object, each with what is known of it. */
const known: Readonly<Record<string, string>> = {
  "karpenter.sh/termination": "Karpenter takes it away once the instance is gone",
  "karpenter.k8s.aws/termination": "Karpenter takes it away once no node uses it",
  "service.kubernetes.io/load-balancer-cleanup": "its controller takes it away once the load balancer is gone",
  "kubernetes.io/pvc-protection": "a pod still uses it; without the finalizer its volume would be pulled away",
  "kubernetes.io/pv-protection": "a claim is still bound to it",
  "external-attacher/ebs-csi-aws-com": "the volume is still attached to a node",
  foregroundDeletion: "what depends on it is still there",
};

function explainFinalizer(finalizer: string): string {
  return known[finalizer] ?? "hubctl does not know what it waits for, and leaves it";
}

/** Objects that are to be deleted, and that something holds. */
export async function findHeld(
  exec: Exec,
  target: KubeTarget,
  what: { resource: string; namespace?: string },
): Promise<HeldObject[]> {
  return parseFinalizers((await exec(getCommand(target, what))).stdout);
}

/** "nodeclaim/users-x7: karpenter.sh/termination (Karpenter takes it away once the instance is gone)" */
export function describeHeld({ kind, name, finalizers }: HeldObject): string {
  const words = finalizers.map((finalizer) => `${finalizer} (${explainFinalizer(finalizer)})`);
  return `${kind.toLowerCase()}/${name}: ${words.join(", ")}`;
}

/** A wait in vain says which objects are held, and by which finalizers. */
export async function namingHolders(wait: Promise<unknown>, find: () => Promise<HeldObject[]>): Promise<void> {
  try {
    await wait;
  } catch (error) {
    if (!(error instanceof ToolError && error.code === "WaitedTooLong")) throw error;
    const held = await find();
    throw new ToolError(error.code, error.message, { output: held.map(describeHeld).join("\n"), cause: error });
  }
}

/** Takes away those that are safe to take away, and tells of each. */
export async function releaseHeld(
  exec: Exec,
  target: KubeTarget,
  held: readonly HeldObject[],
  { judge, note }: { judge: JudgeFinalizer; note: (line: string) => void },
): Promise<void> {
  for (const object of held) {
    const safe = object.finalizers.filter((finalizer) => judge(object, finalizer).isSafe);
    if (safe.length === 0) continue;
    const left = object.finalizers.filter((finalizer) => !safe.includes(finalizer));
    for (const finalizer of safe) {
      note(`${object.kind.toLowerCase()}/${object.name}: ${finalizer} taken away, as ${judge(object, finalizer).why}`);
    }
    await exec(replaceFinalizersCommand(target, object, left));
  }
}
