import { hub } from "../releases/hub.ts";
import { formatAge } from "./age.ts";
import { isTrue, type Job, type KubeObjects, type Pod } from "./kube-objects.ts";
import { conclude, countOf, type Finding, type Remark } from "./layer.ts";
import { podTrouble } from "./pod-trouble.ts";
import type { Scene } from "./scene.ts";

const components = new Set(["fill-from-bucket", "fill-from-url"]);

/** Undefined when no shared folder is to be filled from elsewhere: then there is nothing to tell. */
export async function checkFillJobs(scene: Scene): Promise<Finding | undefined> {
  const wanted = scene.config.storage.sharedFolders.filter(({ fillFrom }) => fillFrom !== undefined).length;
  if (wanted === 0) return undefined;
  return judgeFillJobs(scene, wanted, await scene.objects);
}

export function judgeFillJobs(
  { now }: Pick<Scene, "now">,
  wanted: number,
  { jobs, pods }: Pick<KubeObjects, "jobs" | "pods">,
): Finding {
  const own = jobs.filter(
    ({ metadata: { namespace, labels } }) =>
      namespace === hub.namespace && components.has(labels["app.kubernetes.io/component"] ?? ""),
  );
  const remarks = own.flatMap((job) => judgeJob(job, pods, now));
  if (own.length < wanted) {
    const text = `${countOf(wanted - own.length, "shared folder")} without a Job that fills it`;
    remarks.push({ state: "warning", text, todo: `helm status platform -n ${hub.namespace}` });
  }
  const jobStates = own.map((job) => [job.metadata.name, isTrue(job, "Complete") ? "complete" : "not complete"]);
  return conclude(`${countOf(own.length, "shared folder")} filled`, remarks, {
    jobs: Object.fromEntries(jobStates) as Record<string, string>,
  });
}

/** These Jobs never count as failed: their pod tries again and again. */
function judgeJob(job: Job, pods: readonly Pod[], now: Date): Remark[] {
  if (isTrue(job, "Complete")) return [];
  const { name, namespace, creationTimestamp } = job.metadata;
  const pod = pods.find(
    ({ metadata }) => metadata.namespace === namespace && metadata.labels["batch.kubernetes.io/job-name"] === name,
  );
  const trouble = pod && podTrouble(pod, now);
  if (trouble) return [trouble];
  const text = `${name} has been filling its folder for ${formatAge(creationTimestamp, now)}`;
  return [{ state: "warning", text, todo: `kubectl logs job/${name} -n ${namespace}` }];
}
