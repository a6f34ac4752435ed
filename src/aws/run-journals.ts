import { basename } from "node:path";
import { readFileSync } from "node:fs";
import { parseRun, type RunRecord } from "../engine/run-history.ts";
import type { AwsClients } from "./clients.ts";
import { listStateKeys, readStateObject, writeStateObject } from "./state-object.ts";

interface Where {
  account: string;
  deployment: string;
}

const suffix = ".jsonl";
/** It is the last thing that a run does, and nobody should have to wait for it. */
const copyWithinSeconds = 20;

/** Copies the journal of this run to the state bucket. */
export async function copyJournal(aws: AwsClients, where: Where, file: string): Promise<void> {
  const signal = AbortSignal.timeout(copyWithinSeconds * 1000);
  await writeStateObject(aws, where.account, runsPrefix(where) + basename(file), readFileSync(file, "utf8"), signal);
}

/** Ids of the runs whose journals the state bucket holds, newest first. */
export async function listJournals(aws: AwsClients, where: Where): Promise<string[]> {
  const prefix = runsPrefix(where);
  const keys = await listStateKeys(aws, where.account, prefix);
  return keys
    .filter((key) => key.endsWith(suffix))
    .map((key) => key.slice(prefix.length, -suffix.length))
    .reverse();
}

export async function readJournal(aws: AwsClients, where: Where, id: string): Promise<RunRecord | undefined> {
  const text = await readStateObject(aws, where.account, `${runsPrefix(where)}${id}${suffix}`);
  return text === undefined ? undefined : parseRun(id, text);
}

function runsPrefix({ deployment }: Where): string {
  return `deployments/${deployment}/runs/`;
}
