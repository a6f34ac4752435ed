import type { Report } from "../../engine/step.ts";
import { UserError } from "../../errors.ts";
import { databaseCopyJob } from "../../releases/hub-database.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import type { Installation } from "../installation.ts";
import { listCopies, requireCronJob } from "./copies.ts";
import { runDatabaseJob } from "./job.ts";

/**
 * Puts a copy in the place of the hub's database, once the hub is stopped. The database that is there is copied first.
 * The caller starts the hub again.
 */
export async function restoreDatabase(
  installation: Installation,
  target: KubeTarget,
  copy: string,
  report: Pick<Report, "progress">,
): Promise<void> {
  const cronJob = await requireCronJob(installation, target);
  const job = { name: `${databaseCopyJob}-restore`, args: ["replace", copy], besideHub: false };
  await runDatabaseJob(installation, target, cronJob, job, report);
}

/** The copy of that name, or the newest one. UserError if there is none, or if the hub that runs is too old for it. */
export async function chooseCopy(
  installation: Installation,
  target: KubeTarget,
  wanted: string | undefined,
  chartVersion: string,
): Promise<string> {
  const { name } = installation.deployment;
  const copies = await listCopies(installation, target);
  const [newest] = copies;
  const found = wanted === undefined ? newest : copies.find((one) => one.name === wanted);
  if (!found) {
    const known = copies.length === 0 ? "there is none" : `the newest is ${newest?.name ?? "?"}`;
    throw new UserError(
      "CopyNotFound",
      wanted === undefined ? "there is no copy of the hub's database" : `there is no copy ${wanted}: ${known}`,
      { hint: `hubctl backup list --deployment ${name} shows what there is` },
    );
  }
  if (isNewer(found.chartVersion, chartVersion)) {
    throw new UserError(
      "CopyTooNew",
      `${found.name} was made by hub chart ${found.chartVersion}, whose database hub chart ${chartVersion} can't read`,
      { hint: `upgrade the hub first (hubctl update --upgrade hub --deployment ${name}), or choose an older copy` },
    );
  }
  return found.name;
}

/** Of "4.4.0" and "4.10.0-beta.1": by their numbers; what comes before a release is older. */
export function isNewer(one: string, other: string): boolean {
  const [left, right] = [partsOf(one), partsOf(other)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return !left.isEarly && right.isEarly;
}

function partsOf(version: string): { numbers: number[]; isEarly: boolean } {
  const [release = "", ...early] = version.split("+")[0]?.split("-") ?? [];
  return { numbers: release.split(".").map(Number), isEarly: early.length > 0 };
}
