import { z } from "zod";
import { readRestoreJob, startFolderRestore, type RecoveryPoint } from "../../aws/home-backups.ts";
import { ensureRestoreAccessPoint, removeRestoreAccessPoint } from "../../aws/restore-access-point.ts";
import { pollUntil } from "../../engine/poll.ts";
import { defineStep, type Report, type Step } from "../../engine/step.ts";
import { hub } from "../../releases/hub.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { createCommand, deleteCommand, getCommand } from "../../tools/kubectl.ts";
import type { Reached } from "../cluster-reach.ts";
import { readResult, removeHubJob, runHubJob } from "../hub-job.ts";
import { pythonJob } from "../python-job.ts";
import { requireBackupPlace, storageTags } from "./backup-place.ts";
import { homeFolder } from "./home-folder.ts";

/** A restore of one user's home; `restored` is what came of it. */
export interface HomeRestore extends Reached {
  readonly user: string;
  readonly point: RecoveryPoint;
  restored?: RestoredHome;
}

const restoredSchema = z.object({
  /** In the user's home; "" if it is the home itself. */
  folder: z.string(),
  files: z.number(),
});
type RestoredHome = z.infer<typeof restoredSchema>;

/** Name of Job and claim. */
const name = "restore-home";
/** AWS Backup and the copy get this long, each; homes of some hundred gigabytes take hours. */
const patienceSeconds = 12 * 3600;

export const restoreHome: Step<HomeRestore> = defineStep({
  id: "restore-home",
  title: "Bring the home back",
  check({ user, point }: HomeRestore) {
    return Promise.resolve({ change: `${user}'s, as it was at ${point.made}`, plan: undefined });
  },
  async run(restore: HomeRestore, _: undefined, report: Report) {
    const { aws, signal, user, point } = restore;
    const place = await requireBackupPlace(restore);
    const job = await startFolderRestore(aws, place, { point: point.arn, path: `/home/${homeFolder(user)}` });
    await pollUntil(
      async () => {
        const standing = await readRestoreJob(aws, job);
        if (!standing.isDone) report.progress(`AWS Backup is at ${standing.percent} %`);
        return standing.isDone ? true : undefined;
      },
      { what: `AWS Backup's restore job ${job}`, everySeconds: 5, timeoutSeconds: patienceSeconds, signal },
    );
    const { fileSystemId } = place;
    const target = await restore.cluster();
    const accessPoint = `${restore.config.name}-${name}`;
    try {
      await mountFileSystem(restore, target, { fileSystemId, accessPoint });
      restore.restored = await bringHome(restore, target, report);
    } finally {
      if (!signal.aborted) {
        await unmountFileSystem(restore, target);
        await removeRestoreAccessPoint(aws, fileSystemId, accessPoint);
      }
    }
  },
});

async function bringHome(restore: HomeRestore, target: KubeTarget, report: Report): Promise<RestoredHome> {
  const { user, point } = restore;
  const job = await pythonJob(restore, target, {
    name,
    program: "restore-home.py",
    env: { FILE_SYSTEM: "/files", FOLDER: homeFolder(user), LABEL: `restored-${point.made.slice(0, 10)}` },
    mounts: { "/files": name },
    seconds: patienceSeconds,
  });
  await runHubJob(restore, target, job, report);
  return restoredSchema.parse(await readResult(restore, target, name));
}

async function mountFileSystem(
  restore: HomeRestore,
  target: KubeTarget,
  { fileSystemId, accessPoint }: { fileSystemId: string; accessPoint: string },
): Promise<void> {
  const { aws, exec, signal } = restore;
  await unmountFileSystem(restore, target);
  const tags = await storageTags(restore);
  const id = await pollUntil(
    async () => {
      const point = await ensureRestoreAccessPoint(aws, fileSystemId, { name: accessPoint, tags });
      return point.isReady ? point.id : undefined;
    },
    { what: "the access point", everySeconds: 2, timeoutSeconds: 120, signal },
  );
  for (const object of volumeOf(restore.config.name, `${fileSystemId}::${id}`))
    await exec(createCommand(target, object));
}

function volumeOf(deployment: string, volumeHandle: string): object[] {
  const { namespace } = hub;
  const shared = { accessModes: ["ReadWriteMany"], volumeMode: "Filesystem", storageClassName: "" };
  const volume = volumeName(deployment);
  return [
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: volume },
      spec: {
        ...shared,
        capacity: { storage: "1Ti" },
        persistentVolumeReclaimPolicy: "Retain",
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name },
        mountOptions: ["tls", "iam"],
        csi: { driver: "efs.csi.aws.com", volumeHandle },
      },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace },
      spec: { ...shared, volumeName: volume, resources: { requests: { storage: "1Ti" } } },
    },
  ];
}

/** Also what a restore that was stopped has left. */
async function unmountFileSystem(restore: HomeRestore, target: KubeTarget): Promise<void> {
  const { exec, signal } = restore;
  await removeHubJob(restore, target, name);
  const claim = { resource: "persistentvolumeclaim", name, namespace: hub.namespace };
  const volume = { resource: "persistentvolume", name: volumeName(restore.config.name) };
  for (const what of [claim, volume]) await exec(deleteCommand(target, what));
  await pollUntil(
    async () => {
      const left = await Promise.all(
        [claim, volume].map(async (what) => (await exec(getCommand(target, what))).stdout),
      );
      return left.every((text) => text.trim() === "") ? true : undefined;
    },
    { what: "the volume of the restore to go", everySeconds: 1, timeoutSeconds: 120, signal },
  );
}

function volumeName(deployment: string): string {
  return `${deployment}-${name}`;
}
