import { randomBytes } from "node:crypto";
import type { KubeClient } from "../kube/client.ts";
import type { Pod } from "./kube-objects.ts";

export interface PodEvent {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  host: string;
}

/** Records an event of a pod as its node's kubelet does; events are for people, so a failure to write one is no failure. */
export async function recordEvent(kube: KubeClient, pod: Pod, event: PodEvent): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  await kube
    .create(`/api/v1/namespaces/${namespace}/events`, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.${randomBytes(8).toString("hex")}`, namespace },
      involvedObject: { apiVersion: "v1", kind: "Pod", name, namespace, uid },
      type: event.type,
      reason: event.reason,
      message: event.message,
      source: { component: "kubelet", host: event.host },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    })
    .catch(() => undefined);
}
