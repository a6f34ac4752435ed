import { isComplete, readVault, vaultName } from "../aws/home-backups.ts";
import { databaseCopyJob, hoursBetweenCopies, isDatabaseOnOwnDisk } from "../releases/hub-database.ts";
import { hub } from "../releases/hub.ts";
import { formatAge, minutesSince } from "./age.ts";
import type { CronJob, KubeObjects } from "./kube-objects.ts";
import { conclude, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

/** They are made daily, at some time of a window of hours; one may fail. */
const hoursUntilLate = 49;

type Vault = Awaited<ReturnType<typeof readVault>>;
type Subject = Pick<Scene, "deployment" | "config" | "lock" | "now">;

/** Of one of the two things that are kept: what is good about it, or what is not. */
interface Part {
  good: string;
  remarks: Remark[];
  details: Record<string, unknown>;
}

/** Undefined when neither is for hubctl to keep. */
export async function checkBackups(
  scene: Pick<Scene, "deployment" | "config" | "lock" | "now" | "aws" | "objects">,
): Promise<Finding | undefined> {
  const vault = settle(readVault(scene.aws, vaultName(scene.config.name, scene.lock.id)));
  const objects = await settle(scene.objects);
  return judgeBackups(scene, objects, await vault);
}

export function judgeBackups(
  subject: Subject,
  objects: Answer<Pick<KubeObjects, "cronJobs">>,
  vault: Answer<Vault>,
): Finding | undefined {
  const parts = [judgeDatabase(subject, objects), judgeHomes(subject, vault)].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const goods = parts.filter(({ remarks }) => remarks.length === 0).map(({ good }) => good);
  const details = Object.assign({}, ...parts.map((part) => part.details)) as Record<string, unknown>;
  return conclude(
    goods.join("; "),
    parts.flatMap(({ remarks }) => remarks),
    details,
  );
}

/** Undefined when the hub's database is somewhere else, and for others to look after. */
function judgeDatabase(subject: Subject, objects: Answer<Pick<KubeObjects, "cronJobs">>): Part | undefined {
  if (!isDatabaseOnOwnDisk(subject.config)) return undefined;
  if ("unknown" in objects) return faulty({ state: "unknown", text: objects.unknown });
  const { now } = subject;
  const cronJob = objects.value.cronJobs.find(
    ({ metadata: { name, namespace } }) => name === databaseCopyJob && namespace === hub.namespace,
  );
  if (!cronJob) {
    const text = "nothing copies the hub's database to the file system";
    return faulty({ state: "problem", text, todo: installAgain(subject) });
  }
  const { lastSuccessfulTime } = cronJob.status;
  const good =
    lastSuccessfulTime === undefined
      ? `the hub's database is copied every ${hoursBetweenCopies} h; the first time is still to come`
      : `the hub's database was copied ${formatAge(lastSuccessfulTime, now)} ago`;
  return { good, remarks: lateCopy(cronJob, now), details: { lastCopy: lastSuccessfulTime } };
}

function lateCopy({ metadata, status }: CronJob, now: Date): Remark[] {
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

/** Undefined when the operator wants none, and there are none. */
function judgeHomes(subject: Subject, vault: Answer<Vault>): Part | undefined {
  const { config, now } = subject;
  const { enabled } = config.storage.backups;
  if ("unknown" in vault) return faulty({ state: "unknown", text: vault.unknown });
  if (!vault.value) {
    const text = "homes are not backed up: there is no vault for them";
    return enabled ? faulty({ state: "warning", text, todo: installAgain(subject) }) : undefined;
  }
  const { made, points } = vault.value;
  const last = points.find(isComplete);
  if (!enabled && !last) return undefined;
  const details = { recoveryPoints: points.length, lastRecoveryPoint: last?.made };
  const good = last
    ? `homes were backed up ${formatAge(last.made, now)} ago`
    : "homes are backed up daily; the first time is still to come";
  const since = last?.made ?? made;
  if (!enabled || minutesSince(since, now) <= hoursUntilLate * 60) return { good, remarks: [], details };
  const age = formatAge(since, now);
  const text = last ? `the last backup of the homes is ${age} old` : `homes have not been backed up in ${age}`;
  const todo = `aws backup list-backup-jobs --by-backup-vault-name ${vaultName(config.name, subject.lock.id)}`;
  return { good, remarks: [{ state: "warning", text, todo }], details };
}

function faulty(remark: Remark): Part {
  return { good: "", remarks: [remark], details: {} };
}
