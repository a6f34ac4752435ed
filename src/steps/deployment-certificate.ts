import { chooseCertificate, refuseUnfit, type Choice } from "../aws/certificate-rules.ts";
import { describeCertificate, findCertificates, type Certificate } from "../aws/certificates.ts";
import type { HubConfig } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import type { AwsClients } from "../aws/clients.ts";

/** One's own, which ACM does not know, or what there is in ACM. */
export type DeploymentCertificate = { kind: "own" } | Choice;

/** Asks ACM. UserError if the configuration names a certificate that does not fit. */
export async function findDeploymentCertificate(
  aws: AwsClients,
  { certificate: wanted, domain }: Pick<HubConfig, "certificate" | "domain">,
  lock: Pick<HubLock, "id" | "certificate">,
): Promise<DeploymentCertificate> {
  if (typeof wanted !== "string") return { kind: "own" };
  if (wanted === "auto") {
    const found = await findCertificates(aws, domain);
    return chooseCertificate(found, { id: lock.id, settled: lock.certificate, domain });
  }
  const arn = wanted;
  const certificate = refuseUnfit(await describeCertificate(aws, arn), { arn, domain, region: aws.region });
  return { kind: "usable", certificate };
}

/** "issued until 2027-06-01" */
export function describeEnd({ expires }: Pick<Certificate, "expires">): string {
  return expires === undefined ? "issued" : `issued until ${expires.toISOString().slice(0, 10)}`;
}
