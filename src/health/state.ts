import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { z } from "zod";
import { findStateBucket, stateBucketName } from "../aws/state-bucket.ts";
import { readStateObject } from "../aws/state-object.ts";
import { workDirPaths, type StackName } from "../config/work-dir.ts";
import { formatAge, minutesSince } from "./age.ts";
import { conclude, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

const stacks: readonly StackName[] = ["storage", "cluster"];

const runLockSchema = z.object({
  user: z.string(),
  host: z.string(),
  principal: z.string(),
  command: z.string(),
  since: z.string(),
});

/** Its holder writes it again every half minute: AWS's time of that is the last sign of life. */
type RunLock = z.infer<typeof runLockSchema> & { renewed: string };

/** What Terraform writes about itself: https://developer.hashicorp.com/terraform/language/backend/s3#state-locking */
const stateLockSchema = z.object({ ID: z.string(), Who: z.string().default("?"), Created: z.string() });

export interface StateFacts {
  bucket: "missing" | "incomplete" | "ready";
  /** By their keys below the deployment's folder ("cluster/terraform.tfstate"), when they were written. */
  objects: ReadonlyMap<string, string>;
  runLock?: RunLock | undefined;
  stateLocks: readonly { stack: StackName; id: string; who: string; since: string }[];
}

export async function checkState(scene: Scene): Promise<Finding> {
  return judgeState(scene, await askState(scene));
}

async function askState({ aws, lock, config }: Scene): Promise<StateFacts> {
  const { account } = lock;
  const prefix = `deployments/${config.name}/`;
  const [bucket, objects] = await Promise.all([findStateBucket(aws, account), listObjects(aws, account, prefix)]);
  const read = async <Content>(key: string, schema: z.ZodType<Content>): Promise<Content | undefined> => {
    const text = objects.has(key) ? await readStateObject(aws, account, prefix + key) : undefined;
    // Released since it was listed.
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  };
  const [runLock, ...stateLocks] = await Promise.all([
    read("run.lock", runLockSchema),
    ...stacks.map(async (stack) => {
      const held = await read(`${stack}/terraform.tfstate.tflock`, stateLockSchema);
      return held && { stack, id: held.ID, who: held.Who, since: held.Created };
    }),
  ]);
  return {
    bucket,
    objects,
    runLock: runLock && { ...runLock, renewed: objects.get("run.lock") ?? runLock.since },
    stateLocks: stateLocks.filter((held) => held !== undefined),
  };
}

/** What lies below a prefix of the state bucket, by key without it; nothing if there is no bucket. */
export async function listObjects(aws: Scene["aws"], account: string, prefix: string): Promise<Map<string, string>> {
  const Bucket = stateBucketName(account, aws.region);
  try {
    const command = new ListObjectsV2Command({ Bucket, Prefix: prefix, ExpectedBucketOwner: account });
    const { Contents = [] } = await aws.s3.send(command);
    return new Map(
      Contents.map(({ Key = "", LastModified }) => [Key.slice(prefix.length), LastModified?.toISOString() ?? ""]),
    );
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchBucket") return new Map();
    throw error;
  }
}

/** After so long without a sign of life it is not running any more, or has no network; another run may take its lock. */
const silentMinutes = 5;

export function judgeState(
  scene: Pick<Scene, "deployment" | "config" | "lock" | "now">,
  { bucket, objects, runLock, stateLocks }: StateFacts,
): Finding {
  const install = installAgain(scene);
  const name = stateBucketName(scene.lock.account, scene.lock.region);
  if (bucket === "missing") {
    return conclude("", [{ state: "problem", text: `there is no state bucket ${name}`, todo: install }]);
  }
  const remarks: Remark[] = [];
  if (bucket === "incomplete") {
    remarks.push({ state: "warning", text: `the bucket ${name} keeps no versions of the state`, todo: install });
  }
  const isSilent = runLock !== undefined && minutesSince(runLock.renewed, scene.now) > silentMinutes;
  const isRunning = runLock !== undefined && !isSilent;
  const running = isRunning ? describeRun(runLock, scene.now) : "no run under way";
  const missing = stacks.filter((stack) => !objects.has(`${stack}/terraform.tfstate`));
  if (missing.length > 0) {
    const text = `no Terraform state of ${missing.join(" and ")} in ${name}`;
    remarks.push(
      isRunning
        ? { state: "warning", text: `${running}; ${text} yet`, todo: "wait, then look again" }
        : { state: "problem", text, todo: install },
    );
  }
  if (isSilent) remarks.push(silentRun(runLock, scene.now, install));
  if (!isRunning) remarks.push(...leftLocks(stateLocks, scene));
  return conclude(`in ${name}; ${running}`, remarks, { bucket: name, runLock, stateLocks });
}

function describeRun({ command, user, host, since }: RunLock, now: Date): string {
  return `${command} by ${user}@${host} has been running for ${formatAge(since, now)}`;
}

function silentRun({ command, user, host, since, renewed }: RunLock, now: Date, install: string): Remark {
  return {
    state: "warning",
    text:
      `${command} by ${user}@${host} took the run lock ${formatAge(since, now)} ago ` +
      `and has given no sign of life for ${formatAge(renewed, now)}`,
    todo: `make sure that it does not run there any more, then: ${install} --take-lock`,
  };
}

/** Terraform's own locks; while hubctl runs, they are as they should be. */
function leftLocks(
  stateLocks: StateFacts["stateLocks"],
  { deployment, now }: Pick<Scene, "deployment" | "now">,
): Remark[] {
  return stateLocks.map(({ stack, id, who, since }) => ({
    state: "warning",
    text: `Terraform's lock of ${stack} is held by ${who} for ${formatAge(since, now)}`,
    todo: `if no Terraform runs there any more: terraform -chdir=${workDirPaths(deployment).terraform(stack)} force-unlock ${id}`,
  }));
}
