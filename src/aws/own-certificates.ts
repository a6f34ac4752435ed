import type { HubConfig } from "../config/hub-config.ts";
import type { AwsClients } from "./clients.ts";
import {
  deleteCertificate,
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
export function removableRecord({
  tags,
  validation,
}: Certificate): { zone: string; record: ValidationRecord } | undefined {
  const zone = tags[zoneTag];
  const [record] = validation;
  return zone === undefined || record === undefined ? undefined : { zone, record };
}

/** Deletes it with its record, unless another certificate of the domain is renewed by the same record. */
export async function removeOwnCertificate(
  aws: AwsClients,
  { hostedZone, aws: login }: Pick<HubConfig, "hostedZone" | "aws">,
  certificate: Certificate,
): Promise<"deleted" | "in-use"> {
  const removable = removableRecord(certificate);
  const isShared = removable !== undefined && (await isUsedByOthers(aws, certificate, removable.record));
  // Before the record: with it gone, a certificate that stays after all could not be renewed.
  if ((await deleteCertificate(aws, certificate.arn)) === "in-use") return "in-use";
  if (removable === undefined || isShared) return "deleted";
  const client = await openRoute53(aws, login, hostedZone);
  await deleteValidationRecord(client, removable.zone, removable.record);
  return "deleted";
}

async function isUsedByOthers(
  aws: AwsClients,
  { arn, domain }: Certificate,
  record: ValidationRecord,
): Promise<boolean> {
  const others = (await findCertificates(aws, domain)).filter((other) => other.arn !== arn);
  return others.some(({ validation }) => validation.some(({ name }) => name === record.name));
}
