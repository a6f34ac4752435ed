import { z } from "zod";
import { ToolError } from "../../errors.ts";
import { waitSeconds } from "../../engine/retry.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import { hub } from "../../releases/hub.ts";
import { homeClaim } from "../../releases/platform.ts";
import { CommandError } from "../../tools/exec.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { getCommand } from "../../tools/kubectl.ts";
import type { Reached } from "../cluster-reach.ts";
import { readResult, runHubJob } from "../hub-job.ts";
import { pythonJob } from "../python-job.ts";

/** A deployment that is being paused. */
export interface Pausing extends Reached {
  /** How long those who work have to save what they have; 0: they are not told. */
  readonly warnMinutes: number;
}

const everySeconds = 15;
const noticeFile = "THIS-HUB-IS-ABOUT-TO-PAUSE.txt";
const jobName = "pause-notices";

export const warnUsers = defineStep({
  id: "warn-users",
  title: "Tell those who work, and give them time",
  async check(pausing: Pausing) {
    const { warnMinutes } = pausing;
    const running = await findHomes(pausing, await pausing.cluster());
    if (running.length === 0) return { done: "nobody works now" };
    if (warnMinutes === 0) return { done: "left out, as was asked for" };
    const count = running.length === 1 ? "1 user" : `${running.length} users`;
    return { change: `${count} (${running.join(", ")}), ${warnMinutes} minutes`, plan: undefined };
  },
  async run(pausing: Pausing, _, report: Report) {
    const { signal, warnMinutes } = pausing;
    const target = await pausing.cluster();
    const end = new Date(Date.now() + warnMinutes * 60_000);
    const told = new Set<string>();
    try {
      while (Date.now() < end.getTime()) {
        const running = await findHomes(pausing, target);
        if (running.length === 0) return;
        const untold = running.filter((home) => !told.has(home));
        if (untold.length > 0) await putNotices(pausing, target, untold, textOf(end));
        for (const home of untold) told.add(home);
        const left = Math.max(Math.ceil((end.getTime() - Date.now()) / 1000), 0);
        report.progress(`${running.length} servers run; ${Math.ceil(left / 60)} minutes left`);
        await waitSeconds(Math.min(everySeconds, left), signal);
      }
    } finally {
      // Who is interrupted leaves the notices to the next run.
      if (told.size > 0 && !signal.aborted) await removeNotices(pausing, target, [...told]);
    }
  },
});

function textOf(end: Date): string {
  const time = `${end.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return (
    `This hub pauses at ${time}, and your server stops then.\n` +
    "Save your work before. Your files stay as they are, and are here when the hub is back.\n"
  );
}

async function putNotices(
  pausing: Pausing,
  target: KubeTarget,
  folders: readonly string[],
  text: string,
): Promise<void> {
  try {
    const failed = await writeNotices(pausing, target, { action: "put", folders, text });
    if (failed.length > 0) pausing.note(`! not told, since their homes could not be written: ${failed.join("; ")}`);
  } catch (cause) {
    // What kubectl says may pass, and is looked up by who runs the step.
    if (!(cause instanceof ToolError) || cause instanceof CommandError) throw cause;
    const { name } = pausing.deployment;
    throw new ToolError("UsersNotTold", `those who work could not be told: ${cause.message}`, {
      ...(cause.output !== undefined && { output: cause.output }),
      cause,
      hint: `hubctl status --deployment ${name} tells what is not well; to pause without a notice: hubctl pause --deployment ${name} --warn 0`,
    });
  }
}

/** They are no reason to fail: the time to save has passed. */
async function removeNotices(pausing: Pausing, target: KubeTarget, folders: readonly string[]): Promise<void> {
  try {
    await writeNotices(pausing, target, { action: "remove", folders, text: "" });
  } catch (error) {
    if (!(error instanceof ToolError) || pausing.signal.aborted) throw error;
    pausing.note(`! the notices (${noticeFile}) stay in the homes: ${error.message}`);
  }
}

/** Tells for which folders it failed. */
async function writeNotices(
  pausing: Pausing,
  target: KubeTarget,
  { action, folders, text }: { action: "put" | "remove"; folders: readonly string[]; text: string },
): Promise<string[]> {
  const job = await pythonJob(pausing, target, {
    name: jobName,
    program: "notices.py",
    args: [action],
    env: { HOMES: "/homes", FOLDERS: JSON.stringify(folders), NOTICE: noticeFile, TEXT: text },
    mounts: { "/homes": homeClaim },
    seconds: 300,
  });
  await runHubJob(pausing, target, job, { progress: () => undefined });
  return resultSchema.parse(await readResult(pausing, target, jobName)).failed;
}

const resultSchema = z.object({ failed: z.array(z.string()) });

const podsSchema = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        volumes: z
          .array(
            z.object({
              name: z.string(),
              persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
            }),
          )
          .default([]),
        containers: z.array(
          z.object({
            volumeMounts: z.array(z.object({ name: z.string(), subPath: z.string().optional() })).default([]),
          }),
        ),
      }),
    }),
  ),
});

/** The folders, among the homes, of those who have a server. */
async function findHomes({ exec }: Pick<Pausing, "exec">, target: KubeTarget): Promise<string[]> {
  const what = { resource: "pods", namespace: hub.namespace, selector: "component=singleuser-server" };
  const { stdout } = await exec(getCommand(target, what));
  return stdout.trim() === "" ? [] : homesOf(stdout);
}

/** What pods mount of the homes, by what they themselves say: operators may have another pattern of folders. */
export function homesOf(pods: string): string[] {
  const homes = podsSchema.parse(JSON.parse(pods)).items.flatMap(({ spec }) => {
    const volume = spec.volumes.find(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === homeClaim);
    const mounts = spec.containers.flatMap(({ volumeMounts }) => volumeMounts);
    return mounts.flatMap(({ name, subPath }) => (name === volume?.name && subPath !== undefined ? [subPath] : []));
  });
  return [...new Set(homes)].sort();
}
