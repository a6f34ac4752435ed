import { hub } from "../releases/hub.ts";
import { minutesSince } from "./age.ts";
import { componentOf, isTrue, type Pod } from "./kube-objects.ts";
import { conclude, countOf, nameSome, type Finding, type Remark } from "./layer.ts";
import { podTrouble } from "./pod-trouble.ts";
import type { Scene } from "./scene.ts";

export async function checkServers(scene: Scene): Promise<Finding> {
  return judgeServers(scene, (await scene.objects).pods);
}

/** Until then a server waits for its node and its image, as servers do. */
const usualStartMinutes = 5;

export function judgeServers({ now }: Pick<Scene, "now">, pods: readonly Pod[]): Finding {
  const servers = pods.filter(
    (pod) => pod.metadata.namespace === hub.namespace && componentOf(pod) === "singleuser-server",
  );
  const byUser = countBy(servers.map(userOf));
  const byNode = countBy(servers.flatMap(({ spec }) => spec.nodeName ?? []));
  const users = Object.keys(byUser);
  const nodes = Object.keys(byNode);
  const starting = servers.filter((pod) => !isTrue(pod, "Ready")).length;
  const good =
    servers.length === 0
      ? "no server is running"
      : `${countOf(servers.length, "server")} of ${countOf(users.length, "user")} on ${countOf(nodes.length, "node")}` +
        `${starting === 0 ? "" : ` (${starting} starting or stopping)`}: ${nameSome(users, 5)}`;
  return conclude(good, serverRemarks(servers, now), {
    servers: servers.length,
    ready: servers.length - starting,
    byUser,
    byNode,
  });
}

/** One user's server that does not start is that user's trouble first: never more than a warning. */
function serverRemarks(servers: readonly Pod[], now: Date): Remark[] {
  const troubled = servers.flatMap((pod) => {
    const trouble = podTrouble(pod, now);
    const isEarly = minutesSince(pod.metadata.creationTimestamp, now) <= usualStartMinutes;
    const isGoing = pod.metadata.deletionTimestamp !== undefined;
    return trouble && !isGoing && (trouble.state === "problem" || !isEarly) ? [{ pod, trouble }] : [];
  });
  const [first] = troubled;
  if (!first) return [];
  const users = nameSome(
    troubled.map(({ pod }) => userOf(pod)),
    5,
  );
  const text = `${countOf(troubled.length, "server")} of ${servers.length} not ready (${users}): ${first.trouble.text}`;
  return [{ ...first.trouble, state: "warning", text }];
}

/** KubeSpawner's label holds an escaped name only. */
function userOf({ metadata }: Pod): string {
  return (
    metadata.annotations["hub.jupyter.org/username"] ?? metadata.labels["hub.jupyter.org/username"] ?? metadata.name
  );
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of [...names].sort()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}
