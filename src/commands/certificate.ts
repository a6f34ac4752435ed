import { createClients } from "../aws/clients.ts";
import { findFault } from "../aws/certificate-rules.ts";
import { describeCertificate, findCertificates, idTag, type Certificate } from "../aws/certificates.ts";
import { findOwnCertificates, removeOwnCertificates, writtenRecord } from "../aws/own-certificates.ts";
import type { HubConfig } from "../config/hub-config.ts";
import { readLock } from "../config/lock-file.ts";
import { daysUntil, expiryOfChain, readPemFile } from "../config/own-certificate.ts";
import { UserError } from "../errors.ts";
import { createExec } from "../tools/exec.ts";
import { createOutput } from "../ui/output.ts";
import { confirmOrAbort } from "../ui/prompts.ts";
import { loadConfigured, type ConfiguredOptions } from "./configured.ts";
import { inSession, type SessionOptions } from "./session.ts";

interface ShowOptions extends ConfiguredOptions {
  json: boolean;
}

/** What `hubctl certificate --json` prints of each certificate. */
interface Shown {
  arn?: string;
  /** Whether the deployment uses it, or is going to. */
  used: boolean;
  /** Whether hubctl requested it for this deployment. */
  own: boolean;
  state: string;
  names: string[];
  expires?: string;
  daysLeft?: number;
  inUseBy: string[];
  /** What keeps it from being used. */
  fault?: string;
  /** The record that must stay, or AWS can't renew it. */
  record?: { name: string; type: "CNAME"; value: string };
}

/** Shows what proves the domain, and all that would do beside it. Changes nothing. */
export async function certificate({ json, ...options }: ShowOptions): Promise<void> {
  const { config, deployment } = await loadConfigured({ ...options, needsSecrets: false }, createExec());
  const output = createOutput({ json });
  const lock = readLock(deployment.lockFile);
  const found = await showCertificates(config, lock);
  const lines = found.flatMap((shown) => formatShown(shown, output.style("bold", titleOf(shown))));
  const none = `no certificate for ${config.domain} yet: hubctl install --deployment ${deployment.name} requests one`;
  output.result(found.length === 0 ? none : lines.join("\n"), { domain: config.domain, certificates: found });
}

async function showCertificates(
  config: HubConfig,
  lock: { id: string; certificate?: string } | undefined,
): Promise<Shown[]> {
  const { certificate: wanted, domain } = config;
  if (typeof wanted !== "string") return [showOwn(wanted, domain)];
  const aws = createClients(config.aws.region, config.aws);
  const all = await findCertificates(aws, domain);
  const usedArn = wanted === "auto" ? lock?.certificate : wanted;
  if (usedArn !== undefined && !all.some(({ arn }) => arn === usedArn)) {
    const named = await describeCertificate(aws, usedArn);
    if (named) all.unshift(named);
  }
  return all
    .map((one) => show(one, domain, { used: one.arn === usedArn, own: one.tags[idTag] === lock?.id && !!lock }))
    .sort((a, b) => Number(b.used) - Number(a.used));
}

function showOwn(wanted: { secret: string } | { keyFile: string; chainFile: string }, domain: string): Shown {
  const own: Shown = { used: true, own: false, state: "your own", names: [domain], inUseBy: [] };
  if ("secret" in wanted) return { ...own, state: `your own, in the secret ${wanted.secret}` };
  const read = readPemFile(wanted.chainFile);
  const expires = "text" in read ? expiryOfChain(read.text) : undefined;
  const fault = "message" in read ? { fault: read.message } : {};
  return { ...own, state: `your own, in ${wanted.chainFile}`, ...fault, ...endOf(expires) };
}

function show(found: Certificate, domain: string, { used, own }: Pick<Shown, "used" | "own">): Shown {
  const { arn, status: state, names, expires, inUseBy, validation } = found;
  const fault = findFault(found, domain)?.message;
  const [record] = validation;
  return {
    arn,
    used,
    own,
    state,
    names,
    ...endOf(expires),
    inUseBy,
    ...(fault !== undefined && { fault }),
    ...(record && { record: { name: record.name, type: "CNAME", value: record.value } }),
  };
}

function endOf(expires: Date | undefined): Pick<Shown, "expires" | "daysLeft"> {
  return expires ? { expires: expires.toISOString(), daysLeft: daysUntil(expires, new Date()) } : {};
}

function titleOf({ arn, used, own }: Shown): string {
  const whose = own ? "requested by hubctl" : "not hubctl's";
  if (arn === undefined) return "the hub's certificate";
  return `${arn} (${used ? "the hub's" : "would do, too"}, ${whose})`;
}

function formatShown({ state, names, expires, daysLeft, inUseBy, fault, record }: Shown, title: string): string[] {
  return [
    title,
    `  state    ${state}`,
    `  names    ${names.join(", ")}`,
    ...(expires === undefined ? [] : [`  expires  ${expires.slice(0, 10)}, in ${daysLeft ?? "?"} days`]),
    `  used by  ${inUseBy.length === 0 ? "nothing that AWS knows of" : inUseBy.join(", ")}`,
    ...(record === undefined ? [] : [`  proof    ${record.name} CNAME ${record.value}`]),
    ...(fault === undefined ? [] : [`  ✖ ${fault}`]),
  ];
}

export interface DeleteOptions extends SessionOptions {
  yes: boolean;
}

/** Deletes what hubctl requested for the deployment, with the records that it wrote for it. */
export async function deleteCertificates(options: DeleteOptions): Promise<void> {
  await inSession("certificate delete", { ...options, needsSecrets: false }, async ({ installation, output }) => {
    const { aws, config, deployment } = installation;
    const id = readLock(deployment.lockFile)?.id;
    const own = id === undefined ? [] : await findOwnCertificates(aws, id);
    if (own.length === 0) {
      output.result(`Nothing to do: hubctl has requested no certificate for ${config.name}`);
      return;
    }
    refuseInUse(own);
    for (const { arn, domain } of own) output.note(`  • ${arn}, for ${domain}`);
    for (const one of own) {
      const written = writtenRecord(one);
      if (written) output.note(`  • the record ${written.record.name} in the zone ${written.zone}`);
    }
    if (!options.yes) {
      const declined = "declined; nothing was touched";
      await confirmOrAbort(output, { message: "Delete them?", flag: "--yes", declined });
    }
    if (await installation.stateBucketReady()) await installation.takeRunLock();
    refuseInUse(await removeOwnCertificates(aws, config, own));
    output.result(`deleted: ${own.map(({ arn }) => arn).join(", ")}`);
  });
}

function refuseInUse(own: readonly Certificate[]): void {
  const used = own.find(({ inUseBy }) => inUseBy.length > 0);
  if (!used) return;
  throw new UserError("CertificateInUse", `the certificate ${used.arn} is in use by ${used.inUseBy.join(", ")}`, {
    hint: "take another one first (certificate in the configuration, then hubctl install), or the whole hub: hubctl cleanup. AWS notices up to some minutes later that nothing uses it any more",
  });
}
