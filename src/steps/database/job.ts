import { pollUntil } from "../../engine/poll.ts";
import type { Report } from "../../engine/step.ts";
import { ToolError } from "../../errors.ts";
import { databaseCopyJob } from "../../releases/hub-database.ts";
import { hub } from "../../releases/hub.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { createCommand, deleteCommand, getCommand, parseNames } from "../../tools/kubectl.ts";
import type { Installation } from "../installation.ts";
import { describeTrouble, parseCronJob, parseJob, parsePods, readWords, type CronJob } from "./job-objects.ts";

/** What a Job gets; a database of some hundred megabytes takes seconds. */
const jobSeconds = 600;
const { namespace } = hub;
/** Where a container says what came of it: the kubelet takes its content over into the pod's status. */
const resultFile = "/dev/termination-log";

export interface DatabaseJob {
  name: string;
  /** Of the program hub-database.py. */
  args: readonly string[];
  /** Whether it must run where the hub does: a disk is attached to one node at a time. */
  besideHub: boolean;
}

type Means = Pick<Installation, "exec" | "signal">;

/** The CronJob that copies the hub's database; what every other Job with it is made of. */
export async function findCronJob({ exec }: Pick<Means, "exec">, target: KubeTarget): Promise<CronJob | undefined> {
  const name = databaseCopyJob;
  return parseCronJob((await exec(getCommand(target, { resource: "cronjob", name, namespace }))).stdout);
}

/** Runs the CronJob's own program with other arguments, and waits for it. ToolError in the words of whoever knows why not. */
export async function runDatabaseJob(
  means: Means,
  target: KubeTarget,
  cronJob: CronJob,
  job: DatabaseJob,
  report: Pick<Report, "progress">,
): Promise<void> {
  await removeFormer(means, target, job.name);
  await means.exec(createCommand(target, manifestOf(cronJob, job)));
  await waitForJob(means, target, job.name, report);
}

/** What the program of a Job that went well has said. */
export async function readResult({ exec }: Pick<Means, "exec">, target: KubeTarget, name: string): Promise<unknown> {
  const words = readWords(parsePods((await exec(getCommand(target, podsOf(name)))).stdout));
  try {
    return JSON.parse(words);
  } catch (cause) {
    const hint = "the cluster has this program from another hubctl: hubctl update brings it up to date";
    throw new ToolError("JobSaidNothing", `the Job ${name} went well, but did not say what came of it`, {
      cause,
      hint,
    });
  }
}

function manifestOf({ spec }: CronJob, { name, args, besideHub }: DatabaseJob): object {
  const { spec: job, metadata } = spec.jobTemplate;
  const pod = job.template.spec;
  const containers = pod.containers.map(({ env = [], ...container }) => ({
    ...container,
    args,
    env: [...env, { name: "RESULT", value: resultFile }],
  }));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...metadata, name, namespace },
    spec: {
      ...job,
      backoffLimit: 1,
      activeDeadlineSeconds: jobSeconds,
      template: { ...job.template, spec: { ...pod, ...(besideHub ? {} : { affinity: undefined }), containers } },
    },
  };
}

/** Of a run that was stopped, or of an earlier one. */
async function removeFormer({ exec, signal }: Means, target: KubeTarget, name: string): Promise<void> {
  await exec(deleteCommand(target, { resource: "job", name, namespace }));
  await pollUntil(
    async () => {
      const job = await exec(getCommand(target, { resource: "job", name, namespace }));
      const left = parseNames((await exec(getCommand(target, podsOf(name)))).stdout);
      return job.stdout.trim() === "" && left.length === 0 ? true : undefined;
    },
    { what: `the former Job ${name} to go`, everySeconds: 1, timeoutSeconds: 120, signal },
  );
}

function podsOf(job: string) {
  return { resource: "pods", namespace, selector: `batch.kubernetes.io/job-name=${job}` };
}

async function waitForJob(
  { exec, signal }: Means,
  target: KubeTarget,
  name: string,
  report: Pick<Report, "progress">,
): Promise<void> {
  // Of a Job that is out of time the pods are gone, and with them the reason.
  let trouble = "";
  await pollUntil(
    async () => {
      trouble = describeTrouble(parsePods((await exec(getCommand(target, podsOf(name)))).stdout)) || trouble;
      report.progress(trouble);
      const job = parseJob((await exec(getCommand(target, { resource: "job", name, namespace }))).stdout);
      if (!job) throw new ToolError("JobGone", `somebody deleted the Job ${name}`);
      const ended = job.status.conditions.filter(({ status }) => status === "True");
      const failed = ended.find(({ type }) => type === "Failed");
      if (failed) throw new ToolError("JobFailed", trouble || failed.message || `the Job ${name} failed`);
      return ended.some(({ type }) => type === "Complete") ? true : undefined;
    },
    { what: `the Job ${name}`, everySeconds: 1, timeoutSeconds: jobSeconds + 60, signal },
  );
}
