import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Report } from "../../engine/step.ts";
import { UserError } from "../../errors.ts";
import { databaseCopyJob, canBeCopied } from "../../releases/hub-database.ts";
import { hub } from "../../releases/hub.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { getCommand, parseNames } from "../../tools/kubectl.ts";
import type { Installation } from "../installation.ts";
import { readResult } from "../hub-job.ts";
import type { CronJob } from "../hub-job-objects.ts";
import { findCronJob, runDatabaseJob, type DatabaseJob } from "./job.ts";

const copySchema = z.object({ name: z.string(), bytes: z.number() });

/** A copy of the hub's database on the file system. */
export interface DatabaseCopy {
  name: string;
  bytes: number;
  /** When it was made, as ISO 8601. */
  made: string;
  /** Of the hub's chart, whose hub can read it; and any later one. */
  chartVersion: string;
}

type Means = Pick<Installation, "exec" | "signal" | "deployment" | "config">;

const quiet = { progress: () => undefined };

/** Copies the hub's database now, while the hub goes on; gives the copy's name. */
export async function copyDatabase(
  means: Means,
  target: KubeTarget,
  report: Pick<Report, "progress">,
  ofChart: Pick<DatabaseJob, "chartVersion"> = {},
): Promise<string> {
  const besideHub = await hasHubPod(means, target);
  const job = { name: `${databaseCopyJob}-now`, args: ["copy"], besideHub, ...ofChart };
  await runDatabaseJob(means, target, await requireCronJob(means, target), job, report);
  return z.object({ copied: z.string() }).parse(await readResult(means, target, job.name)).copied;
}

/** All copies on the file system, the newest first. Only a pod can see them, so it takes some seconds. */
export async function listCopies(means: Means, target: KubeTarget): Promise<DatabaseCopy[]> {
  const job = {
    // Two operators may look at the same time.
    name: `${databaseCopyJob}-list-${randomBytes(4).toString("hex")}`,
    args: ["list"],
    besideHub: await hasHubPod(means, target),
  };
  await runDatabaseJob(means, target, await requireCronJob(means, target), job, quiet);
  const { copies } = z.object({ copies: z.array(copySchema) }).parse(await readResult(means, target, job.name));
  return copies.flatMap(({ name, bytes }) => {
    const told = readCopyName(name);
    return told ? [{ name, bytes, ...told }] : [];
  });
}

/** Without one, as after a restore that was stopped, the disk can go to any node. */
async function hasHubPod({ exec }: Means, target: KubeTarget): Promise<boolean> {
  const what = { resource: "pods", namespace: hub.namespace, selector: "app=jupyterhub,component=hub" };
  return parseNames((await exec(getCommand(target, what))).stdout).length > 0;
}

/** What the name of a copy tells; undefined if it is none: jupyterhub-20261101T060000Z-4.4.0.sqlite. */
export function readCopyName(name: string): Pick<DatabaseCopy, "made" | "chartVersion"> | undefined {
  const pattern = /^jupyterhub-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([0-9A-Za-z.+-]+)\.sqlite$/;
  const [, year, month, day, hour, minute, second, chartVersion] = pattern.exec(name) ?? [];
  if (chartVersion === undefined) return undefined;
  return {
    made: `${year ?? ""}-${month ?? ""}-${day ?? ""}T${hour ?? ""}:${minute ?? ""}:${second ?? ""}Z`,
    chartVersion,
  };
}

export async function requireCronJob(means: Means, target: KubeTarget): Promise<CronJob> {
  const cronJob = await findCronJob(means, target);
  if (cronJob) return cronJob;
  const { name } = means.deployment;
  const isElsewhere = !canBeCopied(means.config);
  throw new UserError(
    "NothingCopies",
    isElsewhere
      ? "the hub's database is one that hubctl can't copy: in values/*.yaml hub.db.type is neither sqlite-pvc nor postgres nor mysql, or hub.existingSecret has its password"
      : `the cluster has no CronJob ${databaseCopyJob}, with which the hub's database is copied`,
    { hint: isElsewhere ? "copy it with its own tools" : `hubctl install --deployment ${name} puts it back` },
  );
}
