import type { Report } from "../../engine/step.ts";
import { databaseCopyJob } from "../../releases/hub-database.ts";
import { hub } from "../../releases/hub.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { getCommand } from "../../tools/kubectl.ts";
import { resultVariable, runHubJob, type HubJob } from "../hub-job.ts";
import { parseCronJob, type CronJob } from "../hub-job-objects.ts";
import type { Installation } from "../installation.ts";

/** What a Job gets; a database of some hundred megabytes takes seconds. */
const jobSeconds = 600;

export interface DatabaseJob {
  name: string;
  /** Of the program hub-database.py. */
  args: readonly string[];
  /** Whether it must run where the hub does: a disk is attached to one node at a time. */
  besideHub: boolean;
  /** Of the hub that has left the database as it is, where the CronJob may belong to the next one already. */
  chartVersion?: string;
}

type Means = Pick<Installation, "exec" | "signal">;

/** The CronJob that copies the hub's database; what every other Job with it is made of. */
export async function findCronJob({ exec }: Pick<Means, "exec">, target: KubeTarget): Promise<CronJob | undefined> {
  const what = { resource: "cronjob", name: databaseCopyJob, namespace: hub.namespace };
  return parseCronJob((await exec(getCommand(target, what))).stdout);
}

/** Runs the CronJob's own program with other arguments, and waits for it. */
export async function runDatabaseJob(
  means: Means,
  target: KubeTarget,
  cronJob: CronJob,
  job: DatabaseJob,
  report: Pick<Report, "progress">,
): Promise<void> {
  await runHubJob(means, target, jobOf(cronJob, job), report);
}

function jobOf({ spec }: CronJob, { name, args, besideHub, chartVersion }: DatabaseJob): HubJob {
  const { spec: job, metadata } = spec.jobTemplate;
  const pod = job.template.spec;
  const own = [...(chartVersion === undefined ? [] : [{ name: "CHART_VERSION", value: chartVersion }]), resultVariable];
  const containers = pod.containers.map(({ env = [], ...container }) => ({
    ...container,
    args,
    env: [...env.filter((variable) => !own.some(({ name: taken }) => taken === variable.name)), ...own],
  }));
  return {
    name,
    ...(metadata.labels && { labels: metadata.labels }),
    seconds: jobSeconds,
    spec: {
      ...job,
      template: { ...job.template, spec: { ...pod, ...(besideHub ? {} : { affinity: undefined }), containers } },
    },
  };
}
