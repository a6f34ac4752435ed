import { formatDuration } from "../../engine/format-duration.ts";
import { pollUntil } from "../../engine/poll.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import { ToolError } from "../../errors.ts";
import { databaseClaim, databaseCopyJob, isDatabaseOnOwnDisk } from "../../releases/hub-database.ts";
import { hub } from "../../releases/hub.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { createCommand, deleteCommand, getCommand, parseNames } from "../../tools/kubectl.ts";
import type { Cleanup } from "./cleanup.ts";
import {
  describeTrouble,
  parseClaim,
  parseCronJob,
  parseJob,
  parsePods,
  type CronJob,
} from "./hub-database-objects.ts";

/** What the Job gets; a database of some hundred megabytes takes seconds. */
const copySeconds = 600;
const { namespace } = hub;
const lastCopy = `${databaseCopyJob}-last`;

/** Once nobody writes to it any more, and before its disk goes: who keeps the data keeps the accounts, too. */
export const copyHubDatabase = defineStep({
  id: "copy-hub-database",
  title: "Copy the hub's database to the file system",
  async check(cleanup: Cleanup) {
    const { data, withoutHubDatabase, config, exec } = cleanup;
    if (data === "delete") return { done: "the data is deleted, too" };
    if (withoutHubDatabase) return { done: "left out, as was asked for" };
    if (!isDatabaseOnOwnDisk(config)) return { done: "the hub's database is not on a disk of its own" };
    const reach = await cleanup.reach();
    if (reach.kind !== "ok") {
      if (!(await hasDisk(cleanup))) return { done: reach.why };
      throw notCopied(cleanup, reach.why);
    }
    const { target } = reach;
    const get = async (resource: string, name: string) =>
      (await exec(getCommand(target, { resource, name, namespace }))).stdout;
    const claim = parseClaim(await get("persistentvolumeclaim", databaseClaim));
    if (claim?.status.phase !== "Bound") return { done: "the hub has no database yet" };
    // Cleanup deletes the claim after the copy, and what is being deleted no pod can mount any more.
    if (claim.metadata?.deletionTimestamp !== undefined) return { done: "its disk is going already, after a copy" };
    const cronJob = parseCronJob(await get("cronjob", databaseCopyJob));
    if (!cronJob) throw notCopied(cleanup, `the cluster has no CronJob ${databaseCopyJob}, with which it is copied`);
    return { change: `one last time; ${tellNewest(cronJob)}`, plan: { target, cronJob } };
  },
  async run(cleanup: Cleanup, { target, cronJob }: { target: KubeTarget; cronJob: CronJob }, report: Report) {
    try {
      await removeFormerJob(cleanup, target);
      await cleanup.exec(createCommand(target, lastCopyJob(cronJob)));
      await waitForJob(cleanup, target, report);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      throw notCopied(cleanup, error.output ?? error.message, { cronJob, cause: error });
    }
  },
});

/** The CronJob's own Job, but not beside the hub, which is stopped, and content with a hub that never ran. */
function lastCopyJob({ spec }: CronJob): object {
  const { spec: job, metadata } = spec.jobTemplate;
  const pod = job.template.spec;
  const containers = pod.containers.map((container) => ({ ...container, args: ["copy", "--if-any"] }));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...metadata, name: lastCopy, namespace },
    spec: {
      ...job,
      backoffLimit: 1,
      activeDeadlineSeconds: copySeconds,
      template: {
        ...job.template,
        spec: { ...pod, affinity: undefined, containers },
      },
    },
  };
}

/** Of a cleanup that was stopped, or of a hub that has been installed anew since. */
async function removeFormerJob({ exec, signal }: Cleanup, target: KubeTarget): Promise<void> {
  await exec(deleteCommand(target, { resource: "job", name: lastCopy, namespace }));
  await pollUntil(
    async () => {
      const job = await exec(getCommand(target, { resource: "job", name: lastCopy, namespace }));
      const left = parseNames((await exec(getCommand(target, podsOfJob))).stdout);
      return job.stdout.trim() === "" && left.length === 0 ? true : undefined;
    },
    { what: `the former Job ${lastCopy} to go`, everySeconds: 1, timeoutSeconds: 120, signal },
  );
}

const podsOfJob = { resource: "pods", namespace, selector: `batch.kubernetes.io/job-name=${lastCopy}` };

async function waitForJob({ exec, signal }: Cleanup, target: KubeTarget, report: Report): Promise<void> {
  // Of a Job that is out of time the pods are gone, and with them the reason.
  let trouble = "";
  await pollUntil(
    async () => {
      trouble = describeTrouble(parsePods((await exec(getCommand(target, podsOfJob))).stdout)) || trouble;
      report.progress(trouble);
      const job = parseJob((await exec(getCommand(target, { resource: "job", name: lastCopy, namespace }))).stdout);
      if (!job) throw new ToolError("JobGone", `somebody deleted the Job ${lastCopy}`);
      const ended = job.status.conditions.filter(({ status }) => status === "True");
      const failed = ended.find(({ type }) => type === "Failed");
      if (failed) throw new ToolError("JobFailed", trouble || failed.message || `the Job ${lastCopy} failed`);
      return ended.some(({ type }) => type === "Complete") ? true : undefined;
    },
    { what: "the copy of the hub's database", everySeconds: 1, timeoutSeconds: copySeconds + 60, signal },
  );
}

/** Without the cluster nobody can read it, but it tells whether there is anything to lose. */
async function hasDisk({ aws, id }: Cleanup): Promise<boolean> {
  const { DescribeVolumesCommand } = await import("@aws-sdk/client-ec2");
  const { Volumes } = await (
    await aws.ec2()
  ).send(
    new DescribeVolumesCommand({
      Filters: [
        { Name: "tag:hubctl:id", Values: [id] },
        // https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md
        { Name: "tag:kubernetes.io/created-for/pvc/name", Values: [databaseClaim] },
      ],
    }),
  );
  return (Volumes ?? []).length > 0;
}

function notCopied(
  { deployment }: Cleanup,
  why: string,
  { cronJob, cause }: { cronJob?: CronJob; cause?: unknown } = {},
): ToolError {
  return new ToolError("HubDatabaseNotCopied", "the hub's database could not be copied to the file system", {
    output: why,
    cause,
    hint:
      `put that right and run it again, or go on without it: hubctl cleanup --deployment ${deployment.name} --data keep ` +
      `--without-hub-database. Then the next install brings back the newest copy on the file system, if there is one, and ` +
      `accounts and tokens that are younger are lost (${cronJob ? tellNewest(cronJob) : "its age can't be told from here"})`,
  });
}

function tellNewest({ status }: CronJob): string {
  const { lastSuccessfulTime } = status;
  if (lastSuccessfulTime === undefined) return "this cluster has made none so far";
  const seconds = (Date.now() - Date.parse(lastSuccessfulTime)) / 1000;
  return `the newest copy was made ${formatDuration(Math.max(seconds, 0))} ago`;
}
