import { pollUntil } from "../engine/poll.ts";
import type { Report } from "../engine/step.ts";
import { ToolError } from "../errors.ts";
import { hub } from "../releases/hub.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { createCommand, deleteCommand, getCommand, parseNames } from "../tools/kubectl.ts";
import { describeTrouble, parseJob, parsePods, readWords } from "./hub-job-objects.ts";
import type { Installation } from "./installation.ts";

const { namespace } = hub;

/** Where a container says what came of it: the kubelet takes its content over into the pod's status. */
export const resultVariable = { name: "RESULT", value: "/dev/termination-log" };

/** A Job in the hub's namespace; `spec` is the Job's, and its container has `resultVariable`. */
export interface HubJob {
  name: string;
  labels?: object;
  spec: object;
  /** What it gets, in all. */
  seconds: number;
}

type Means = Pick<Installation, "exec" | "signal">;
type Progress = Pick<Report, "progress">;

/** Runs a Job anew, and waits for it. ToolError in the words of whoever knows why not. */
export async function runHubJob(means: Means, target: KubeTarget, job: HubJob, report: Progress): Promise<void> {
  const { name, labels, spec, seconds } = job;
  await removeHubJob(means, target, name);
  await means.exec(
    createCommand(target, {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { ...(labels && { labels }), name, namespace },
      spec: { ...spec, backoffLimit: 1, activeDeadlineSeconds: seconds, ttlSecondsAfterFinished: 3600 },
    }),
  );
  await waitForJob(means, target, job, report);
}

/** What the program of a Job that went well has said. */
export async function readResult({ exec }: Pick<Means, "exec">, target: KubeTarget, name: string): Promise<unknown> {
  const words = readWords(parsePods((await exec(getCommand(target, podsOf(name)))).stdout));
  try {
    return JSON.parse(words);
  } catch (cause) {
    const hint = "the cluster has its program from another hubctl: an update brings it up to date";
    throw new ToolError("JobSaidNothing", `the Job ${name} went well, but did not say what came of it`, {
      cause,
      hint,
    });
  }
}

/** With its pods, of whatever run they are. */
export async function removeHubJob({ exec, signal }: Means, target: KubeTarget, name: string): Promise<void> {
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
  { name, seconds }: HubJob,
  report: Progress,
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
    { what: `the Job ${name}`, everySeconds: 1, timeoutSeconds: seconds + 60, signal },
  );
}
