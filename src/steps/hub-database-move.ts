import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Report } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import { canBeCopied, isDatabaseOnOwnDisk } from "../releases/hub-database.ts";
import { hub } from "../releases/hub.ts";
import { wantedChart } from "../releases/release.ts";
import { readMetadata, type KubeTarget } from "../tools/helm.ts";
import { deleteCommand, getCommand, parseNames } from "../tools/kubectl.ts";
import { copyDatabase, listCopies } from "./database/copies.ts";
import { isNewer, restoreDatabase } from "./database/restore.ts";
import type { Installation } from "./installation.ts";

interface DatabaseMove {
  target: KubeTarget;
  /** Chart version of the hub that is there. */
  from: string;
  /** Put into place before an older hub runs; without it, what is there is copied before a newer one does. */
  back?: string;
}

const { namespace } = hub;

/**
 * Another version of the hub's chart may have another form of the database, and there is no way back from the newer one.
 * So it is copied before an upgrade, and that copy is put back before the older hub runs again. Comes before the platform
 * chart, whose Jobs name copies by the version of the hub that has made them.
 */
export const moveHubDatabase = defineStep({
  id: "hub-database-move",
  title: "Keep the hub's database fit for the hub's version",
  usual: 30,
  async check(installation: Installation) {
    const { config, exec, isReading } = installation;
    const target = await installation.kubeTarget();
    if (!target) return { unknown: "known once the cluster exists" };
    const installed = await readMetadata(exec, { ...target, release: hub.name, namespace });
    const to = wantedChart(hub, (await installation.lock()).lock.charts).version;
    if (!installed) return { done: "there is no hub yet" };
    const from = installed.version;
    if (from === to) return { done: `it is that of hub chart ${to}` };
    if (isNewer(to, from) && canBeCopied(config)) {
      const plan: DatabaseMove = { target, from };
      return { change: `copy it as hub chart ${from} has left it`, plan };
    }
    // A copy goes back into a database elsewhere only as long as its tables are those of the copy.
    if (!isDatabaseOnOwnDisk(config)) {
      const first = isNewer(to, from) ? "copy its database with its own tools" : "put back a backup of its database";
      installation.note(`! the hub goes from chart ${from} to ${to}: ${first} first`);
      return { done: "it is not on a disk of its own" };
    }
    // Only a pod can see the copies, and who only looks starts none.
    const back = isReading ? undefined : await findCopyFor(installation, target, to);
    const plan: DatabaseMove = { target, from, ...(back && { back: back.name }) };
    const which = back === undefined ? "the newest copy" : `the copy of ${back.made}`;
    return { change: `back to ${which} that hub chart ${to} can read; what was changed since then is lost`, plan };
  },
  async run(installation: Installation, { target, from, back }: DatabaseMove, report: Report) {
    if (back === undefined) {
      await copyDatabase(installation, target, report, { chartVersion: from });
      return;
    }
    await removeHub(installation, target, report);
    await restoreDatabase(installation, target, back, report);
  },
});

async function findCopyFor(installation: Installation, target: KubeTarget, version: string) {
  const copies = await listCopies(installation, target);
  const found = copies.find(({ chartVersion }) => !isNewer(chartVersion, version));
  if (found) return found;
  const { name } = installation.deployment;
  throw new UserError(
    "NothingToGoBackTo",
    `there is no copy of the hub's database that hub chart ${version} can read`,
    {
      hint: `stay with the hub that runs: hubctl backup list --deployment ${name} shows what there is`,
    },
  );
}

/** Helm makes it anew. A hub that is only stopped would keep the number of its pods from Helm. */
async function removeHub({ exec, signal }: Installation, target: KubeTarget, report: Report): Promise<void> {
  await exec(deleteCommand(target, { resource: "deployment", name: "hub", namespace }));
  const pods = { resource: "pods", namespace, selector: "component=hub" };
  await pollUntil(
    async () => {
      const left = parseNames((await exec(getCommand(target, pods))).stdout);
      report.progress(left.join(", "));
      return left.length === 0 ? true : undefined;
    },
    { what: "the hub to stop", everySeconds: 2, timeoutSeconds: 300, signal },
  );
}
