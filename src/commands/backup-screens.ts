import type { RecoveryPoint } from "../aws/home-backups.ts";
import { formatAge } from "../health/age.ts";
import { formatTable } from "../ui/table.ts";
import type { Backups } from "./backup-list.ts";

/** What there is to go back to. */
export function describeBackups(name: string, { database, homes, configurations }: Backups, now: Date): string[] {
  return [
    "The hub's database (accounts), on the file system of the homes:",
    ...rowsOrReason(
      database,
      (copies) =>
        copies.map((one) => [
          ...when(one.made, now),
          formatBytes(one.bytes),
          `hub chart ${one.chartVersion}`,
          one.name,
        ]),
      "no copy yet",
    ),
    "Homes and shared folders, in AWS Backup:",
    ...rowsOrReason(
      homes,
      (points) => points.map((one) => [...when(one.made, now), formatBytes(one.bytes), stateOf(one), one.arn]),
      "no recovery point yet",
    ),
    "Configuration, in the state bucket:",
    ...rowsOrReason(
      configurations,
      (copies) => copies.map((one) => [...when(one.saved, now), `by ${one.by}`, `hubctl ${one.hubctl}`]),
      "none yet",
    ),
    "",
    `To go back: hubctl backup restore --deployment ${name} --database | --home USER | --config`,
  ];
}

function rowsOrReason<Item>(
  found: readonly Item[] | { unknown: string },
  rowsOf: (items: readonly Item[]) => string[][],
  none: string,
): string[] {
  if ("unknown" in found) return [`  ${found.unknown}`];
  return found.length === 0 ? [`  ${none}`] : formatTable(rowsOf(found)).map((line) => `  ${line}`);
}

function when(made: string, now: Date): [string, string] {
  return [`${made.slice(0, 16).replace("T", " ")} UTC`, `${formatAge(made, now)} ago`];
}

function stateOf({ state }: RecoveryPoint): string {
  return state.toLowerCase();
}

export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return "?";
  const units = ["B", "kB", "MB", "GB", "TB"] as const;
  const power = Math.min(bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const amount = bytes / 1000 ** power;
  return `${amount >= 10 || power === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[power] ?? ""}`;
}
