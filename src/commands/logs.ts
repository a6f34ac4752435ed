import { getCaller } from "../aws/caller.ts";
import { createClients } from "../aws/clients.ts";
import { listJournals, readJournal } from "../aws/run-journals.ts";
import { workDirPaths } from "../config/work-dir.ts";
import { readRuns, type RunRecord } from "../engine/run-history.ts";
import { UserError } from "../errors.ts";
import { createExec } from "../tools/exec.ts";
import { toExpected } from "../ui/errors.ts";
import { createOutput, type Output } from "../ui/output.ts";
import { loadConfigured, type ConfiguredOptions } from "./configured.ts";
import { describeRun, describeRuns } from "./logs-screens.ts";

export interface LogsOptions extends ConfiguredOptions {
  /** A run's id, or how it begins. */
  run?: string | undefined;
  last: boolean;
  json: boolean;
}

const shownRuns = 20;

/** The runs of a deployment, this machine's and those of others, or the steps of one of them. */
export async function logs({ run: wanted, last, json, ...options }: LogsOptions): Promise<void> {
  const { config, deployment } = await loadConfigured({ ...options, needsSecrets: false }, createExec());
  const output = createOutput({ json });
  const local = readRuns(workDirPaths(deployment).journal);
  const remote = await orNone(output, async () => {
    const aws = createClients(config.aws.region, config.aws);
    const { account } = await getCaller(aws, config.aws);
    const where = { account, deployment: config.name };
    return { ids: await listJournals(aws, where), read: (id: string) => readJournal(aws, where, id) };
  });
  const known = new Map(local.map((run) => [run.id, run]));
  const ids = [...new Set([...known.keys(), ...remote.ids])].sort().reverse();
  // A run's own machine has its journal to the last line.
  const read = async (id: string): Promise<RunRecord[]> => {
    const run = known.get(id) ?? (await remote.read(id));
    return run ? [run] : [];
  };

  if (wanted === undefined && !last) {
    const runs = (await Promise.all(ids.slice(0, shownRuns).map(read))).flat();
    output.result(describeRuns(deployment.name, runs, ids.length - runs.length), runs);
    return;
  }
  const id = last ? ids[0] : chooseRun(ids, wanted ?? "", deployment.name);
  const [run] = id === undefined ? [] : await read(id);
  if (!run) throw new UserError("RunNotFound", `there is no run of ${deployment.name} yet`);
  output.result(describeRun(run, output), run);
}

interface Remote {
  ids: string[];
  read(id: string): Promise<RunRecord | undefined>;
}

/** What this machine knows is worth showing without AWS, too. */
async function orNone(output: Output, ask: () => Promise<Remote>): Promise<Remote> {
  try {
    return await ask();
  } catch (error) {
    const expected = toExpected(error);
    const why = expected instanceof Error ? expected.message : String(expected);
    output.note(`! only the runs of this machine: ${why}`);
    return { ids: [], read: () => Promise.resolve(undefined) };
  }
}

function chooseRun(ids: readonly string[], wanted: string, deployment: string): string {
  const found = ids.filter((id) => id.startsWith(wanted));
  const [only] = found;
  if (only !== undefined && (found.length === 1 || found.includes(wanted)))
    return found.includes(wanted) ? wanted : only;
  throw new UserError(
    found.length === 0 ? "RunNotFound" : "RunNotUnique",
    found.length === 0
      ? `there is no run "${wanted}" of ${deployment}`
      : `"${wanted}" is the beginning of ${found.length} runs: ${found.slice(0, 5).join(", ")}`,
    { hint: `hubctl logs --deployment ${deployment} lists them` },
  );
}
