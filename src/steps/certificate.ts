import { createHash } from "node:crypto";
import { describeCaa, endsSoon } from "../aws/certificate-rules.ts";
import {
  deleteCertificate,
  describeCertificate,
  requestCertificate,
  tagCertificate,
  zoneTag,
  type Certificate,
  type ValidationRecord,
} from "../aws/certificates.ts";
import { hasValidationRecord, writeValidationRecord } from "../aws/validation-records.ts";
import { readLock, writeLock } from "../config/lock-file.ts";
import { daysUntil } from "../config/own-certificate.ts";
import { openDns } from "../dns/ask.ts";
import { findForbiddingCaa } from "../dns/caa.ts";
import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Checked, type Report } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import { resourceTags } from "../releases/tags.ts";
import { describeEnd } from "./deployment-certificate.ts";
import type { Installation } from "./installation.ts";
import { findValidationZone, type ValidationZone } from "./validation-zone.ts";

export type CertificatePlan =
  /** Note in the lock file what was settled on. */
  | { do: "settle"; arn: string }
  /** `others` would do as well, but are not this deployment's. */
  | { do: "request"; token: string; zone: ValidationZone; others: Certificate[]; obsolete: string[] }
  | { do: "prove"; arn: string; zone: ValidationZone };

/**
 * Sees to it that there is a certificate for the domain. AWS takes minutes to issue one, so nothing waits for that here:
 * the hub does, see certificate-issued.ts.
 */
export const certificate = defineStep({
  id: "certificate",
  title: "Get a certificate for the domain",
  async check(installation: Installation): Promise<Checked<CertificatePlan>> {
    const found = await installation.certificate();
    switch (found.kind) {
      case "own":
        return { done: "it is your own" };
      case "usable":
        return settle(installation, found.certificate);
      case "pending":
        return prove(installation, found.certificate);
      case "none": {
        await refuseForbidden(installation);
        const zone = await zoneOf(installation);
        const { others } = found;
        const obsolete = found.failed.map(({ arn }) => arn);
        const change = `request one from AWS, and ${describeProof(zone)}`;
        return { change, plan: { do: "request", token: await tokenFor(installation), zone, others, obsolete } };
      }
    }
  },
  async run(installation: Installation, plan: CertificatePlan, report: Report) {
    if (plan.do === "settle") return recordCertificate(installation, plan.arn);
    let arn: string;
    if (plan.do === "prove") ({ arn } = plan);
    else {
      const { config, aws } = installation;
      const tags = resourceTags({ config, lock: (await installation.lock()).lock });
      arn = await requestCertificate(aws, { domain: config.domain, tags, token: plan.token });
      for (const failed of plan.obsolete) await deleteCertificate(aws, failed);
    }
    await recordCertificate(installation, arn);
    await proveDomain(installation, { arn, zone: plan.zone }, report);
    installation.certificate.forget();
    installation.releaseInputs.forget();
  },
});

async function settle(installation: Installation, found: Certificate): Promise<Checked<CertificatePlan>> {
  const { lock } = await installation.lock();
  const now = new Date();
  if (found.expires && endsSoon(found, now)) {
    installation.note(`! the certificate ${found.arn} ends in ${daysUntil(found.expires, now)} days`);
  }
  const described = `${found.arn}, ${describeEnd(found)}`;
  if (lock.certificate === found.arn) return { done: described };
  return { change: `use ${described}`, plan: { do: "settle", arn: found.arn } };
}

/** Of a certificate that was requested before: its record may never have been written, or be gone again. */
async function prove(installation: Installation, { arn, validation }: Certificate): Promise<Checked<CertificatePlan>> {
  await refuseForbidden(installation);
  const zone = await zoneOf(installation);
  const plan: CertificatePlan = { do: "prove", arn, zone };
  const [record] = validation;
  const { lock } = await installation.lock();
  if (lock.certificate === arn && record && (await isWritten(zone, record))) return { done: `requested: ${arn}` };
  return { change: describeProof(zone), plan };
}

async function isWritten(zone: ValidationZone, record: ValidationRecord): Promise<boolean> {
  return "zone" in zone && (await hasValidationRecord(zone.client, zone.zone.id, record));
}

function describeProof(zone: ValidationZone): string {
  if ("zone" in zone) return `prove the domain in the zone ${zone.zone.name} (${zone.zone.id})`;
  return `show the record that proves the domain, which is for you to create: ${zone.none}`;
}

async function refuseForbidden({ config: { domain }, signal }: Installation): Promise<void> {
  const forbidding = await findForbiddingCaa(openDns({ signal }), domain);
  if (!forbidding) return;
  const { message, hint } = describeCaa(domain, forbidding.at, forbidding.issuers);
  throw new UserError("CertificateForbidden", message, { hint });
}

function zoneOf({ aws, config, signal }: Installation): Promise<ValidationZone> {
  return findValidationZone(aws, openDns({ signal }), config);
}

/** Writes the record, or shows it; a record that was there before stays nobody's. */
async function proveDomain(
  { aws, signal, config }: Installation,
  { arn, zone }: { arn: string; zone: ValidationZone },
  report: Report,
): Promise<void> {
  report.progress("AWS makes up the record that proves the domain");
  const record = await pollUntil(async () => (await describeCertificate(aws, arn))?.validation[0], {
    what: `AWS to tell what proves that ${config.domain} is yours`,
    everySeconds: 2,
    timeoutSeconds: 120,
    signal,
  });
  if (!("zone" in zone)) {
    report.note(`! ${zone.none}, so create this record where the DNS of ${config.domain} is kept:`);
    report.note(`  ${record.name} CNAME ${record.value}`);
    return;
  }
  const { id } = zone.zone;
  if (await hasValidationRecord(zone.client, id, record)) return;
  // First the tag: what is written must be found again, whenever this run ends.
  await tagCertificate(aws, arn, { [zoneTag]: id });
  await writeValidationRecord(zone.client, id, record);
}

async function recordCertificate(installation: Installation, arn: string): Promise<void> {
  const { lockFile } = installation.deployment;
  const lock = readLock(lockFile);
  if (!lock || lock.certificate === arn) return;
  await writeLock(lockFile, { ...lock, certificate: arn });
  installation.lock.forget();
}

/** The same in every attempt of a run; in another run ACM would give back a certificate that has been deleted since. */
async function tokenFor(installation: Installation): Promise<string> {
  const { lock } = await installation.lock();
  const parts = [lock.id, installation.config.domain, performance.timeOrigin];
  return createHash("sha256").update(parts.join(" ")).digest("hex").slice(0, 32);
}
