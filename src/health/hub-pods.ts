import { hub } from "../releases/hub.ts";
import { componentOf, isTrue, type Deployment, type KubeObjects, type Pod } from "./kube-objects.ts";
import { conclude, settle, type Finding, type Remark } from "./layer.ts";
import { podTrouble, recentRestart, restartsOf } from "./pod-trouble.ts";
import { findRelease } from "./releases.ts";
import type { Scene } from "./scene.ts";

export async function checkHubPods(scene: Scene): Promise<Finding> {
  const releases = await settle(scene.releases);
  const revision = "value" in releases ? findRelease(releases.value, hub)?.revision : undefined;
  return judgeHubPods(scene, await scene.objects, revision);
}

const components = ["hub", "proxy"];

/** `revision` is the hub release's, if it is known. */
export function judgeHubPods(
  { now }: Pick<Scene, "now">,
  { pods, deployments }: Pick<KubeObjects, "pods" | "deployments">,
  revision: string | undefined,
): Finding {
  const details: Record<string, unknown> = {};
  const remarks = components.flatMap((name) => {
    const own = pods.filter((pod) => pod.metadata.namespace === hub.namespace && componentOf(pod) === name);
    const restarts = own.reduce((sum, pod) => sum + restartsOf(pod), 0);
    const ready = own.filter((pod) => isTrue(pod, "Ready")).length;
    details[name] = { ready, restarts };
    const deployment = deployments.find(
      ({ metadata }) => metadata.namespace === hub.namespace && metadata.name === name,
    );
    return deploymentRemarks(name, deployment, own, revision) ?? podRemarks(own, ready, now);
  });
  return conclude("hub and proxy are ready", remarks, details);
}

function deploymentRemarks(
  name: string,
  deployment: Deployment | undefined,
  pods: readonly Pod[],
  revision: string | undefined,
): Remark[] | undefined {
  const place = `-n ${hub.namespace}`;
  if (!deployment) {
    // The release still looks as wanted, so an install would leave it alone.
    const todo = revision === undefined ? "" : `helm rollback ${hub.name} ${revision} ${place}`;
    return [{ state: "problem", text: `there is no ${name}: its Deployment is gone`, ...(todo !== "" && { todo }) }];
  }
  if (deployment.spec.replicas === 0) {
    const todo = `kubectl scale deployment ${name} --replicas=1 ${place}`;
    return [{ state: "problem", text: `the ${name} is switched off: its Deployment is scaled to 0`, todo }];
  }
  if (pods.length > 0) return undefined;
  const todo = `kubectl describe replicaset --selector component=${name} ${place}`;
  return [{ state: "problem", text: `the ${name} has no pod`, todo }];
}

function podRemarks(pods: readonly Pod[], ready: number, now: Date): Remark[] {
  const remarks = pods.flatMap((pod) => podTrouble(pod, now) ?? recentRestart(pod, now) ?? []);
  // Whatever its other pods do, one that is ready answers; and without one, nothing is only a warning.
  return remarks.map((remark) => ({ ...remark, state: ready > 0 ? "warning" : "problem" }));
}
