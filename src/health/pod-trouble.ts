import { formatAge, minutesSince } from "./age.ts";
import { condition, isTrue, type Pod } from "./kube-objects.ts";
import type { Remark } from "./layer.ts";

/** A pod may take so long to start before it is a problem: a new node and a large image take minutes. */
const patienceMinutes = 10;

/** What keeps a pod from being ready, in plain words; undefined if it is ready. */
export function podTrouble(pod: Pod, now: Date): Remark | undefined {
  if (isTrue(pod, "Ready")) return undefined;
  const { name, namespace, creationTimestamp, deletionTimestamp } = pod.metadata;
  const describe = `kubectl describe pod ${name} -n ${namespace}`;
  if (deletionTimestamp !== undefined) return { state: "warning", text: `${name} is being stopped`, todo: describe };

  const stuck = stuckContainer(pod);
  if (stuck) return { state: "problem", text: `${name} ${stuck.text}`, todo: stuck.todo ?? describe };

  const isLate = minutesSince(creationTimestamp, now) > patienceMinutes;
  const state = isLate ? "problem" : "warning";
  const age = formatAge(creationTimestamp, now);
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.status === "False") {
    return { state, text: `${name} has found no node for ${age}: ${shorten(scheduled.message)}`, todo: describe };
  }
  if (pod.status.phase === "Failed") {
    const { reason, message } = pod.status;
    const why = [reason, shorten(message)].filter((text) => text !== "").join(": ");
    return { state: "problem", text: `${name} has failed${why === "" ? "" : `: ${why}`}`, todo: describe };
  }
  if (pod.status.phase === "Running")
    return { state, text: `${name} runs but is not ready after ${age}`, todo: describe };
  return { state, text: `${name} has been starting for ${age}`, todo: describe };
}

/** A restart that is not long ago, with its reason. */
export function recentRestart(pod: Pod, now: Date): Remark | undefined {
  for (const { name, restartCount, lastState } of pod.status.containerStatuses) {
    const { terminated } = lastState;
    if (!terminated?.finishedAt || minutesSince(terminated.finishedAt, now) > 60) continue;
    const times = restartCount > 1 ? `, ${restartCount} times in all` : "";
    return {
      state: "warning",
      text: `${pod.metadata.name} was restarted ${formatAge(terminated.finishedAt, now)} ago (${describeEnd(terminated)})${times}`,
      todo: `kubectl logs ${pod.metadata.name} --container ${name} --previous -n ${pod.metadata.namespace}`,
    };
  }
  return undefined;
}

export function restartsOf(pod: Pod): number {
  return pod.status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}

const imageReasons = new Set(["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"]);
const startReasons = new Set(["CreateContainerConfigError", "CreateContainerError", "RunContainerError"]);

/** https://kubernetes.io/docs/concepts/containers/images/, /docs/concepts/workloads/pods/pod-lifecycle/ */
function stuckContainer(pod: Pod): { text: string; todo?: string } | undefined {
  const { name, namespace } = pod.metadata;
  for (const container of [...pod.status.initContainerStatuses, ...pod.status.containerStatuses]) {
    const { waiting } = container.state;
    if (!waiting) continue;
    if (imageReasons.has(waiting.reason)) {
      return { text: `can't get its image ${container.image}: it is not there, or nodes may not read it` };
    }
    if (startReasons.has(waiting.reason)) return { text: `can't be started: ${shorten(waiting.message)}` };
    if (waiting.reason === "CrashLoopBackOff") {
      const end = container.lastState.terminated;
      return {
        text: `ends again and again after its start (${end ? `${describeEnd(end)}, ` : ""}${container.restartCount} restarts)`,
        todo: `kubectl logs ${name} --container ${container.name} --previous -n ${namespace}`,
      };
    }
  }
  return undefined;
}

function describeEnd({ reason, exitCode }: { reason: string; exitCode: number }): string {
  return reason === "OOMKilled" ? "out of memory" : `exit code ${exitCode}`;
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
