import { formatDuration } from "../../engine/format-duration.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import { ToolError } from "../../errors.ts";
import { databaseClaim, databaseCopyJob, isDatabaseOnOwnDisk } from "../../releases/hub-database.ts";
import { hub } from "../../releases/hub.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { getCommand } from "../../tools/kubectl.ts";
import { findCronJob, runDatabaseJob } from "../database/job.ts";
import { parseClaim, type CronJob } from "../hub-job-objects.ts";
import { findPause } from "../paused.ts";
import type { Cleanup } from "./cleanup.ts";

const { namespace } = hub;

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
    if (await findPause(cleanup))
      throw notCopied(cleanup, "the deployment is paused: hubctl resume brings back the node to copy it on");
    const { target } = reach;
    const get = async (resource: string, name: string) =>
      (await exec(getCommand(target, { resource, name, namespace }))).stdout;
    const claim = parseClaim(await get("persistentvolumeclaim", databaseClaim));
    if (claim?.status.phase !== "Bound") return { done: "the hub has no database yet" };
    // Cleanup deletes the claim after the copy, and what is being deleted no pod can mount any more.
    if (claim.metadata?.deletionTimestamp !== undefined) return { done: "its disk is going already, after a copy" };
    const cronJob = await findCronJob(cleanup, target);
    if (!cronJob) throw notCopied(cleanup, `the cluster has no CronJob ${databaseCopyJob}, with which it is copied`);
    return { change: `one last time; ${tellNewest(cronJob)}`, plan: { target, cronJob } };
  },
  async run(cleanup: Cleanup, { target, cronJob }: { target: KubeTarget; cronJob: CronJob }, report: Report) {
    try {
      // Not beside the hub, which is stopped, and content with a hub that never ran.
      const job = { name: `${databaseCopyJob}-last`, args: ["copy", "--if-any"], besideHub: false };
      await runDatabaseJob(cleanup, target, cronJob, job, report);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      throw notCopied(cleanup, error.output ?? error.message, { cronJob, cause: error });
    }
  },
});

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
