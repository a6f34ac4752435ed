import { z } from "zod";
import { pollUntil } from "../engine/poll.ts";
import type { Report } from "../engine/step.ts";
import { hub } from "../releases/hub.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { deleteCommand, deletePodCommand, getCommand } from "../tools/kubectl.ts";
import { parseObjectAddress } from "../tools/release-guard.ts";
import type { Installation } from "./installation.ts";

type Means = Pick<Installation, "exec" | "signal">;

/** What can't be changed and may be lost goes first: Helm then makes it as it is wanted. */
export async function deleteForReturn(
  means: Means,
  target: KubeTarget,
  anew: readonly string[],
  report: Report,
): Promise<void> {
  const { exec, signal } = means;
  const objects = anew.map((address) => ({ address, ...parseObjectAddress(address) }));
  // All at once: a volume waits for its claim.
  for (const what of objects) await exec(deleteCommand(target, what));
  await endHolders(means, target, objects);
  for (const { address, ...what } of objects) {
    await pollUntil(
      async () => {
        report.progress(`${address} is going`);
        return (await exec(getCommand(target, what))).stdout.trim() === "" ? true : undefined;
      },
      { what: `${address} to go`, everySeconds: 3, timeoutSeconds: 300, signal },
    );
  }
}

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      spec: z.object({
        volumes: z
          .array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() }))
          .default([]),
      }),
    }),
  ),
});

/** A claim goes when no pod is listed that mounts it, one that has ended included; and no pod starts with one that is going. */
async function endHolders(
  { exec }: Means,
  target: KubeTarget,
  objects: readonly { resource: string; name: string; namespace?: string }[],
): Promise<void> {
  const claims = objects.filter(({ resource }) => resource === "PersistentVolumeClaim");
  for (const namespace of new Set(claims.map((claim) => claim.namespace ?? hub.namespace))) {
    const names = claims.map(({ name }) => name);
    const { stdout } = await exec(getCommand(target, { resource: "pods", namespace }));
    const { items } = podsSchema.parse(stdout.trim() === "" ? { items: [] } : JSON.parse(stdout));
    const holders = items.filter(({ spec }) =>
      spec.volumes.some(({ persistentVolumeClaim: claim }) => claim && names.includes(claim.claimName)),
    );
    // With the claim the hub's release makes it anew.
    if (holders.some(({ metadata }) => metadata.labels["component"] === "hub")) {
      await exec(deleteCommand(target, { resource: "deployment", name: "hub", namespace }));
    }
    for (const { metadata } of holders) await exec(deletePodCommand(target, { name: metadata.name, namespace }));
  }
}
