import type { HubConfig } from "../config/hub-config.ts";
import type { AwsClients } from "./clients.ts";
import {
  deleteCertificate,
  describeCertificate,
  findCertificates,
  idTag,
  listAllCertificates,
  zoneTag,
  type Certificate,
  type ValidationRecord,
} from "./certificates.ts";
import { openRoute53 } from "./hosted-zones.ts";
import { deleteValidationRecord } from "./validation-records.ts";

/** All that was requested for a deployment, for whatever domain it had. */
export async function findOwnCertificates(aws: AwsClients, id: string): Promise<Certificate[]> {
  const all = await listAllCertificates(aws, ({ Type }) => Type === "AMAZON_ISSUED");
  return all.filter(({ tags }) => tags[idTag] === id);
}

/** The record that hubctl wrote for it, and where; undefined if it was there before, or is kept elsewhere. */
export function writtenRecord({
  tags,
  validation,
}: Certificate): { zone: string; record: ValidationRecord } | undefined {
  const zone = tags[zoneTag];
  const [record] = validation;
  return zone === undefined || record === undefined ? undefined : { zone, record };
}

/**
 * Deletes certificates with their records; gives those that are still in use, whose records are left alone, too.
 * A record stays if another certificate of the account has been issued by it.
 */
export async function removeOwnCertificates(
  aws: AwsClients,
  { hostedZone, aws: login }: Pick<HubConfig, "hostedZone" | "aws">,
  own: readonly Certificate[],
): Promise<Certificate[]> {
  const now = await Promise.all(own.map(({ arn }) => describeCertificate(aws, arn)));
  const left = now.filter((certificate) => certificate !== undefined);
  const inUse = left.filter(({ inUseBy }) => inUseBy.length > 0);
  if (inUse.length > 0) return inUse;
  // The records first: it is the certificate that leads to them.
  for (const certificate of left) {
    const written = writtenRecord(certificate);
    if (written === undefined || (await hasProvedOthers(aws, certificate, written.record.name))) continue;
    await deleteValidationRecord(await openRoute53(aws, login, hostedZone), written.zone, written.record);
  }
  const outcomes = await Promise.all(left.map(({ arn }) => deleteCertificate(aws, arn)));
  return left.filter((_, index) => outcomes[index] === "in-use");
}

/**
 * Whether a record that was written for a certificate has proved the domain to others', too. Those that were issued before
 * did without it, and do so again.
 */
export async function hasProvedOthers(
  aws: AwsClients,
  { tags, domain, requested }: Pick<Certificate, "tags" | "domain" | "requested">,
  record: string,
): Promise<boolean> {
  const others = (await findCertificates(aws, domain)).filter((other) => other.tags[idTag] !== tags[idTag]);
  return others.some(({ validation, issued }) => {
    const isOlder = issued !== undefined && requested !== undefined && issued < requested;
    return !isOlder && validation.some(({ name }) => name === record);
  });
}
