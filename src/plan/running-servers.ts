import { z } from "zod";
import { hub } from "../releases/hub.ts";
import type { Exec } from "../tools/exec.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { getCommand } from "../tools/kubectl.ts";

/** Users' servers, as they are now. */
export interface RunningServers {
  servers: number;
  users: number;
}

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
        deletionTimestamp: z.string().optional(),
      }),
      status: z.object({ phase: z.string().optional() }).default({}),
    }),
  ),
});

export async function countServers(exec: Exec, target: KubeTarget): Promise<RunningServers> {
  const what = { resource: "pods", namespace: hub.namespace, selector: "component=singleuser-server" };
  const { stdout } = await exec(getCommand(target, what));
  const { items } = podsSchema.parse(stdout.trim() === "" ? { items: [] } : JSON.parse(stdout));
  const running = items.filter(
    // A pod that was evicted stays as one that has failed.
    ({ metadata, status: { phase = "" } }) =>
      metadata.deletionTimestamp === undefined && !["Failed", "Succeeded"].includes(phase),
  );
  const users = new Set(running.map(({ metadata: { labels, name } }) => labels["hub.jupyter.org/username"] ?? name));
  return { servers: running.length, users: users.size };
}
