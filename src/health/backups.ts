import { databaseCopyJob, hoursBetweenCopies, isDatabaseOnOwnDisk } from "../releases/hub-database.ts";
import { hub } from "../releases/hub.ts";
import { formatAge, minutesSince } from "./age.ts";
import type { CronJob, KubeObjects } from "./kube-objects.ts";
import { conclude, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

/** Undefined when the hub's database is somewhere else, and for others to look after. */
export async function checkBackups(
  scene: Pick<Scene, "deployment" | "config" | "now" | "objects">,
): Promise<Finding | undefined> {
  if (!isDatabaseOnOwnDisk(scene.config)) return undefined;
  return judgeBackups(scene, await scene.objects);
}

export function judgeBackups(
  scene: Pick<Scene, "deployment" | "now">,
  { cronJobs }: Pick<KubeObjects, "cronJobs">,
): Finding {
  const { now } = scene;
  const cronJob = cronJobs.find(
    ({ metadata: { name, namespace } }) => name === databaseCopyJob && namespace === hub.namespace,
  );
  if (!cronJob) {
    const text = "nothing copies the hub's database to the file system";
    return conclude("", [{ state: "problem", text, todo: installAgain(scene) }]);
  }
  const { lastSuccessfulTime } = cronJob.status;
  const good =
    lastSuccessfulTime === undefined
      ? `the hub's database is copied every ${hoursBetweenCopies} h; the first time is still to come`
      : `the hub's database was copied ${formatAge(lastSuccessfulTime, now)} ago`;
  return conclude(good, remarks(cronJob, now), { lastCopy: lastSuccessfulTime });
}

function remarks({ metadata, status }: CronJob, now: Date): Remark[] {
  // As long as there is none, the hub is as old as what copies it.
  const since = status.lastSuccessfulTime ?? metadata.creationTimestamp;
  if (minutesSince(since, now) <= 2 * hoursBetweenCopies * 60) return [];
  const age = formatAge(since, now);
  const text =
    status.lastSuccessfulTime === undefined
      ? `the hub's database has not been copied in ${age}`
      : `the last copy of the hub's database is ${age} old`;
  const todo = `kubectl logs --selector app.kubernetes.io/component=${databaseCopyJob} -n ${metadata.namespace}`;
  return [{ state: "warning", text, todo }];
}
