import writeFileAtomic from "write-file-atomic";
import { changeRecords, describeRecord } from "../aws/alias-record.ts";
import { describeCluster, kubeContext, refuseForeignCluster } from "../aws/cluster.ts";
import { aliasTarget, findOwnRecords, planRoute, recordToMake, type DomainRoute } from "../aws/route-domain.ts";
import { openDns } from "../dns/ask.ts";
import { readLock } from "../config/lock-file.ts";
import { ToolError, UserError } from "../errors.ts";
import { faultOf } from "../reach/check-reach.ts";
import type { ReachCheck } from "../reach/layer.ts";
import type { Installation } from "../steps/installation.ts";
import { readPublicBalancer } from "../steps/public-address.ts";
import { waitForAnswer } from "../steps/wait-for-answer.ts";
import { createOutput, type Output } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";
import { inSession, type Session, type SessionOptions } from "./session.ts";

export interface RouteDnsFlags {
  replace: boolean;
  delete: boolean;
  dryRun: boolean;
  wait: boolean;
  json: boolean;
}

type Options = Omit<SessionOptions, "wait"> & RouteDnsFlags;

/** What became of the record, or with --dry-run would. */
type Action = "none" | "created" | "updated" | "replaced" | "deleted" | "by-hand";

/** What `hubctl route-dns --json` prints. */
interface Outcome {
  domain: string;
  dryRun: boolean;
  action: Action;
  zone?: { id: string; name: string };
  loadBalancer?: string;
  /** As they were before. */
  records: string[];
  remarks: string[];
  /** To be made by hand. */
  record?: string;
  checks: ReachCheck[];
}

/** Half an hour: whoever makes a record elsewhere may have to ask somebody to. */
const waitSeconds = 1800;
/** A record that was right before leads to a hub that answers, or does not by now. */
const lookSeconds = 20;

/** Leads the domain to the hub's load balancer, or away from it, and checks what comes of it. */
export async function routeDns({ wait, ...options }: Options): Promise<void> {
  await inSession("route-dns", { ...options, needsSecrets: false }, async (session) => {
    const { installation } = session;
    const output = createOutput({ json: options.json, debug: options.debug ?? false });
    const { name, lockFile } = installation.deployment;
    const lock = readLock(lockFile);
    if (!lock) {
      throw new UserError("NotInstalled", `${name} is not installed: there is no load balancer to lead to`, {
        hint: `hubctl install --deployment ${name}`,
      });
    }
    const { account, id } = lock;
    await refuseOtherAccount(installation, account);
    if (!options.dryRun) await installation.takeRunLock();
    const work = { session, output, id, flags: { ...options, wait } };
    await (options.delete ? deleteRoute(work) : makeRoute(work));
  });
}

interface Work {
  session: Session;
  output: Output;
  id: string;
  flags: RouteDnsFlags;
}

async function refuseOtherAccount(installation: Installation, account: string): Promise<void> {
  const caller = await installation.caller();
  if (caller.account === account) return;
  throw new UserError("WrongAccount", `the login is of account ${caller.account}, the hub is in ${account}`, {
    hint: "log in to that account, or set AWS_PROFILE",
  });
}

async function deleteRoute({ session, output, id, flags }: Work): Promise<void> {
  const { aws, config, deployment, signal } = session.installation;
  const found = await findOwnRecords(aws, { config, id });
  if ("refused" in found) {
    throw new ToolError("ZonesUnknown", "AWS does not let this login look at Route 53", {
      output: found.refused,
      hint: "ask for route53:ListHostedZones and route53:ListResourceRecordSets",
    });
  }
  const records = found.flatMap((zone) => zone.records.map(describeRecord));
  if (!flags.dryRun) {
    for (const { client, zone, records: remove } of found) {
      const comment = `hubctl route-dns --delete of ${deployment.name}`;
      await changeRecords(client, zone, { remove, create: [] }, { signal, comment });
    }
  }
  const { domain } = config;
  const action: Action = records.length === 0 ? "none" : "deleted";
  const outcome: Outcome = { domain, dryRun: flags.dryRun, action, records, remarks: [], checks: [] };
  const verb = flags.dryRun ? "would be deleted" : "is deleted";
  const none = `Nothing to do: no record of ${domain} is this deployment's`;
  output.result(action === "none" ? none : records.map((line) => `${verb}: ${line}`).join("\n"), outcome);
}

async function makeRoute({ session, output, id, flags }: Work): Promise<void> {
  const { installation } = session;
  const { aws, config, deployment, signal } = installation;
  const target = aliasTarget(await publicBalancer(installation, id));
  const route = await planRoute(aws, openDns({ signal }), { config, id, target });
  const { domain } = config;
  const { host } = target;
  const base = { domain, dryRun: flags.dryRun, loadBalancer: host };
  if (route.in === "elsewhere") {
    const record = recordToMake(domain, host);
    for (const line of [`! ${route.why}`, `→ ${route.todo}`, "The record to make:", `  ${record}`]) output.note(line);
    const checks = await look(session, output, {
      host,
      nameServers: [],
      seconds: flags.wait ? waitSeconds : lookSeconds,
      flags,
    });
    finish(output, { ...base, action: "by-hand", records: [], remarks: [route.why], record, checks }, domain);
    return;
  }
  const { client, zone, verdict, remarks } = route;
  for (const remark of remarks) output.note(`! ${remark}`);
  const action = actionOf(verdict.kind);
  const shown = "shown" in verdict ? verdict.shown : [];
  for (const line of describeVerdict(route, domain, host, flags.dryRun)) output.note(line);
  if (verdict.kind !== "same" && !flags.dryRun) {
    if (verdict.kind === "foreign" && !flags.replace) {
      await confirmOrAbort(output, {
        message: `Replace what ${domain} leads to?`,
        flag: "--replace",
        declined: "declined; the record is as it was",
      });
    }
    await changeRecords(client, zone, verdict.change, { signal, comment: `hubctl route-dns of ${deployment.name}` });
  }
  const seconds = flags.wait ? waitSeconds : verdict.kind === "same" ? lookSeconds : undefined;
  const checks = await look(session, output, { host, nameServers: zone.nameServers, seconds, flags });
  const place = { id: zone.id, name: zone.name };
  finish(output, { ...base, action, zone: place, records: shown, remarks, checks }, domain);
}

function actionOf(kind: "same" | "absent" | "outdated" | "foreign"): Action {
  return ({ same: "none", absent: "created", outdated: "updated", foreign: "replaced" } as const)[kind];
}

function describeVerdict(
  { verdict, zone }: Extract<DomainRoute, { in: "route53" }>,
  domain: string,
  host: string,
  isDryRun: boolean,
): string[] {
  const where = `the zone ${zone.name} (${zone.id})`;
  switch (verdict.kind) {
    case "same":
      return [`Nothing to do: ${domain} leads to ${host} by ${where}`];
    case "absent":
      return [`${isDryRun ? "Would make" : "Making"} the record in ${where}: ${domain} → ${host}`];
    case "outdated":
      return [
        `The record is of an earlier load balancer of this deployment: ${verdict.shown.join("; ")}`,
        `${isDryRun ? "Would change" : "Changing"} it in ${where}: ${domain} → ${host}`,
      ];
    case "foreign":
      return [
        `${domain} leads elsewhere by ${where}:`,
        ...verdict.shown.map((line) => `  ${line}`),
        `${isDryRun ? "Would replace it after a question" : "To be replaced"} by: ${domain} → ${host}`,
      ];
  }
}

interface Look {
  host: string;
  nameServers: readonly string[];
  seconds: number | undefined;
  flags: RouteDnsFlags;
}

async function look({ installation }: Session, output: Output, { host, nameServers, seconds, flags }: Look) {
  if (flags.dryRun) return [];
  const tell = output.showStatus(`asking DNS and https://${installation.config.domain} …`);
  try {
    const limit = seconds === undefined ? {} : { timeoutSeconds: seconds };
    return await waitForAnswer(installation, { host, nameServers, ...limit }, { progress: () => undefined });
  } finally {
    tell();
  }
}

const marks = { ok: "✔", warning: "!", problem: "✖", unknown: "?" } as const;

function finish(output: Output, outcome: Outcome, domain: string): void {
  const lines = outcome.checks.map(({ layer, state, text }) => `${marks[state]} ${layer}: ${text}`);
  output.result(lines.join("\n") || (outcome.dryRun ? "Nothing was changed" : `${domain}: not looked at`), outcome);
  const fault = faultOf(outcome.checks);
  // What can't be seen from here may be well.
  if (fault?.state !== "problem") return;
  throw new ToolError("HubNotReached", `the hub does not answer at https://${domain}; at fault: ${fault.layer}`, {
    output: fault.text,
    ...(fault.todo !== undefined && { hint: fault.todo }),
  });
}

/** Asks the cluster with a kubeconfig of hubctl's own, which may be missing on a second operator's machine. */
async function publicBalancer(installation: Installation, id: string) {
  const { aws, config, workDir, deployment } = installation;
  refuseForeignCluster(await describeCluster(aws, config.name), id);
  const text = await installation.kubeconfigText();
  if (text !== undefined) {
    await writeFileAtomic(workDir.kubeconfig, text, { mode: 0o600 });
    const target = { kubeconfig: workDir.kubeconfig, context: kubeContext(config.name) };
    const balancer = await readPublicBalancer(installation, target);
    if (balancer) return balancer;
  }
  const why = text === undefined ? "there is no cluster" : "the Service proxy-public has none that AWS knows";
  throw new UserError("NoLoadBalancer", `the hub of ${deployment.name} has no load balancer: ${why}`, {
    hint: `hubctl install --deployment ${deployment.name}`,
  });
}
