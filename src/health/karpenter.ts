import { formatAge, minutesSince } from "./age.ts";
import { condition, isTrue, type KarpenterObject, type KarpenterObjects, type Pod } from "./kube-objects.ts";
import { conclude, countOf, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import { podTrouble, recentRestart } from "./pod-trouble.ts";
import type { Scene } from "./scene.ts";

export async function checkKarpenter(scene: Scene): Promise<Finding> {
  const objects = settle(scene.karpenter);
  const { pods } = await scene.objects;
  return judgeKarpenter(scene, pods, await objects);
}

/** Karpenter itself gives a node up that has not registered within 15 minutes: https://karpenter.sh/docs/concepts/disruption/ */
const registrationMinutes = 15;

export function judgeKarpenter(
  { now }: Pick<Scene, "now">,
  pods: readonly Pod[],
  objects: Answer<KarpenterObjects>,
): Finding {
  const own = pods.filter(({ metadata }) => metadata.labels["app.kubernetes.io/name"] === "karpenter");
  const ready = own.filter((pod) => isTrue(pod, "Ready")).length;
  const remarks = podRemarks(own, ready, now);
  if ("unknown" in objects) return conclude("", [...remarks, { state: "unknown", text: objects.unknown }]);

  const { nodePools, nodeClasses, nodeClaims } = objects.value;
  if (nodePools.length === 0) {
    const text = "there is no node pool: no user's server finds a node";
    remarks.push({ state: "problem", text, todo: "helm status platform -n jupyterhub" });
  }
  remarks.push(
    ...nodePools.flatMap((pool) => readyRemarks("nodepool", "node pool", pool)),
    ...nodeClasses.flatMap((nodeClass) => readyRemarks("ec2nodeclass", "node class", nodeClass)),
    ...nodeClaims.flatMap((claim) => claimRemarks(claim, now)),
  );
  const good = `${countOf(ready, "pod")} ready; ${countOf(nodePools.length, "node pool")}, ${countOf(nodeClaims.length, "node")}`;
  return conclude(good, remarks, {
    pods: own.length,
    podsReady: ready,
    nodePools: nodePools.map(({ metadata }) => metadata.name),
    nodeClaims: nodeClaims.length,
  });
}

function podRemarks(pods: readonly Pod[], ready: number, now: Date): Remark[] {
  if (pods.length === 0) {
    const text = "Karpenter has no pod: users' nodes neither come nor go";
    return [{ state: "problem", text, todo: "kubectl get deployment karpenter -n kube-system" }];
  }
  const remarks = pods.flatMap((pod) => podTrouble(pod, now) ?? recentRestart(pod, now) ?? []);
  // One pod is the leader; the other only waits to take over.
  return ready === 0 ? remarks : remarks.map((remark) => ({ ...remark, state: "warning" }));
}

function readyRemarks(kind: string, noun: string, object: KarpenterObject): Remark[] {
  if (isTrue(object, "Ready")) return [];
  const { name } = object.metadata;
  const found = condition(object, "Ready");
  const why = found ? `: ${found.message || found.reason}` : ": Karpenter has not looked at it yet";
  return [{ state: "problem", text: `${noun} ${name} is not ready${why}`, todo: `kubectl describe ${kind} ${name}` }];
}

function claimRemarks(claim: KarpenterObject, now: Date): Remark[] {
  const { name, creationTimestamp, deletionTimestamp } = claim.metadata;
  const todo = `kubectl describe nodeclaim ${name}`;
  if (deletionTimestamp !== undefined) {
    if (minutesSince(deletionTimestamp, now) <= registrationMinutes) return [];
    return [{ state: "warning", text: `node ${name} has been going for ${formatAge(deletionTimestamp, now)}`, todo }];
  }
  const unmet = ["Launched", "Registered", "Initialized"].find((type) => !isTrue(claim, type));
  if (unmet === undefined) return [];
  const found = condition(claim, unmet);
  const isRefused = unmet === "Launched" && found?.status === "False";
  if (!isRefused && minutesSince(creationTimestamp, now) <= registrationMinutes) return [];
  const why = found?.message ? `: ${found.message}` : "";
  const text = `node ${name} is not ${unmet.toLowerCase()} after ${formatAge(creationTimestamp, now)}${why}`;
  return [{ state: "warning", text, todo }];
}
