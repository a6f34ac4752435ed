import { daysUntil, soonDays } from "../config/own-certificate.ts";
import { certificateOwner } from "../config/rules/aws.ts";
import { UserError } from "../errors.ts";
import { covers, idTag, type Certificate } from "./certificates.ts";

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/network/tls-listener-certificates.html */
const usableKeys = ["RSA_2048", "RSA_3072", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"];

/** What a deployment does for a certificate of ACM's. */
export type Choice =
  | { kind: "usable"; certificate: Certificate }
  /** Requested for this deployment earlier, and not issued yet. */
  | { kind: "pending"; certificate: Certificate }
  /** `others` are usable but not this deployment's; `failed` were requested for it in vain. */
  | { kind: "none"; others: Certificate[]; failed: Certificate[] };

/** Of all certificates for the domain: the one that was settled on, one of the deployment's own, or none. */
export function chooseCertificate(
  certificates: readonly Certificate[],
  { id, settled, domain, now = new Date() }: { id: string; settled?: string | undefined; domain: string; now?: Date },
): Choice {
  const isOwn = ({ tags }: Certificate) => tags[idTag] === id;
  const usable = certificates
    .filter((certificate) => findFault(certificate, domain, now) === undefined && !endsSoon(certificate, now))
    .sort((a, b) => preference(b) - preference(a) || (a.arn < b.arn ? -1 : 1));
  const certificate = usable.find(({ arn }) => arn === settled) ?? usable.find(isOwn);
  if (certificate) return { kind: "usable", certificate };
  const own = certificates.filter(isOwn);
  const pending = own.find(({ status }) => status === "PENDING_VALIDATION");
  if (pending) return { kind: "pending", certificate: pending };
  return { kind: "none", others: usable, failed: own.filter(({ status }) => gaveUp.includes(status)) };
}

const gaveUp = ["FAILED", "VALIDATION_TIMED_OUT"];

/** One that is in use already is left there; else the one that lasts longest. */
function preference({ inUseBy, expires }: Certificate): number {
  return (inUseBy.length > 0 ? Number.MAX_SAFE_INTEGER / 2 : 0) + (expires?.getTime() ?? 0);
}

export function endsSoon({ expires }: Certificate, now: Date): boolean {
  return expires !== undefined && daysUntil(expires, now) < soonDays;
}

interface Fault {
  code: string;
  message: string;
  hint: string;
}

/** Why a load balancer can't use the certificate for the domain, or browsers would not take it there. */
export function findFault(certificate: Certificate, domain: string, now = new Date()): Fault | undefined {
  const { arn, names, keyAlgorithm, expires } = certificate;
  if (!covers(names, domain)) {
    return {
      code: "CertificateUnfit",
      message: `the certificate ${arn} is for ${names.join(", ")}, not for ${domain}`,
      hint: orAuto(`name one that is for ${domain}`),
    };
  }
  const fault = findStateFault(certificate);
  if (fault) return fault;
  if (expires !== undefined && expires <= now) {
    return {
      code: "CertificateExpired",
      message: `the certificate ${arn} expired on ${expires.toISOString().slice(0, 10)}`,
      hint: orAuto("import its successor under the same ARN (aws acm import-certificate --certificate-arn)"),
    };
  }
  if (!usableKeys.includes(keyAlgorithm)) {
    return {
      code: "CertificateKeyUnusable",
      message: `the certificate ${arn} has a key of type ${keyAlgorithm}, which a network load balancer can't use`,
      hint: orAuto(`name one with a key of type ${usableKeys.join(", ")}`),
    };
  }
  return undefined;
}

function findStateFault(certificate: Certificate): Fault | undefined {
  const { arn, domain, status, failure, validation } = certificate;
  const [record] = validation;
  switch (status) {
    case "ISSUED":
      return undefined;
    case "PENDING_VALIDATION":
      return {
        code: "CertificateNotIssued",
        message: `the certificate ${arn} is not issued yet: AWS waits for the proof that ${domain} is yours`,
        hint: record
          ? `create the record ${record.name} CNAME ${record.value}, wait until it is issued, then run this again`
          : `aws acm describe-certificate --certificate-arn ${arn} tells what is missing`,
      };
    case "FAILED":
      return { code: "CertificateFailed", ...describeFailure(domain, failure) };
    case "VALIDATION_TIMED_OUT":
      return {
        code: "CertificateTimedOut",
        message: `AWS gave up the certificate ${arn}: nobody proved within 72 hours that ${domain} is theirs`,
        hint: orAuto("request another one"),
      };
    case "REVOKED":
      return {
        code: "CertificateRevoked",
        message: `the certificate ${arn} is revoked: browsers refuse it`,
        hint: orAuto("request another one"),
      };
    case "EXPIRED":
      return {
        code: "CertificateExpired",
        message: `the certificate ${arn} has expired`,
        hint: orAuto("import its successor under the same ARN (aws acm import-certificate --certificate-arn)"),
      };
    default:
      return {
        code: "CertificateUnusable",
        message: `the certificate ${arn} can't be used: it is ${status}`,
        hint: orAuto("name another one"),
      };
  }
}

function orAuto(advice: string): string {
  return `${advice}, or let hubctl request one: certificate: auto`;
}

/** https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-failed.html */
export function describeFailure(domain: string, reason = "no reason given"): { message: string; hint: string } {
  const message = `AWS refused a certificate for ${domain}`;
  switch (reason) {
    case "CAA_ERROR":
      return describeCaa(domain);
    case "ADDITIONAL_VERIFICATION_REQUIRED":
      return { message: `${message}: it wants to know more first`, hint: "ask AWS Support, who tell what is missing" };
    case "DOMAIN_NOT_ALLOWED":
      return {
        message: `${message}: the domain is on a list of unsafe ones`,
        hint: "have it taken off the list (Google Safe Browsing and the like), or take another domain",
      };
    case "INVALID_PUBLIC_DOMAIN":
      return {
        message: `${message}: it is no name of the public internet`,
        hint: "take a public domain, or a certificate of your own: certificate: {keyFile, chainFile}",
      };
    default:
      return {
        message: `${message}: ${reason}`,
        hint: "https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-failed.html",
      };
  }
}

/** `at` is the name whose CAA records forbid it, if that is known. */
export function describeCaa(
  domain: string,
  at?: string,
  issuers: readonly string[] = [],
): { message: string; hint: string } {
  const whose = at === undefined ? `of ${domain}, or of a domain above it,` : `of ${at}`;
  const instead = issuers.length === 0 ? "nobody" : issuers.join(", ");
  const allowed = at === undefined ? "" : `: they allow ${instead}`;
  return {
    message: `the CAA records ${whose} forbid Amazon to issue a certificate for ${domain}${allowed}`,
    hint: `whoever keeps the DNS of ${at ?? domain} must add the record: ${at ?? domain} CAA 0 issue "amazon.com"; or take a certificate of your own`,
  };
}

/** A certificate that the configuration names, which must be fit as it is. */
export function refuseUnfit(
  certificate: Certificate | undefined,
  { arn, domain, region, now }: { arn: string; domain: string; region: string; now?: Date },
): Certificate {
  const owner = certificateOwner(arn);
  if (owner !== undefined && owner.region !== region) {
    throw new UserError(
      "CertificateElsewhere",
      `the certificate ${arn} is in ${owner.region}; a load balancer in ${region} can't use it`,
      { hint: orAuto(`request or import one in ${region}`) },
    );
  }
  if (!certificate) {
    throw new UserError("CertificateNotFound", `there is no certificate ${arn}`, {
      hint: orAuto(`name one that is there (aws acm list-certificates --region ${region})`),
    });
  }
  const fault = findFault(certificate, domain, now);
  if (fault) throw new UserError(fault.code, fault.message, { hint: fault.hint });
  return certificate;
}
