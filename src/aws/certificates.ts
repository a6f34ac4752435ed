import type { CertificateDetail, CertificateSummary, KeyAlgorithm } from "@aws-sdk/client-acm";
import { ToolError, UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

/** An ACM certificate. */
export interface Certificate {
  arn: string;
  domain: string;
  /** All names that it is for, the domain among them. */
  names: string[];
  /** "ISSUED", "PENDING_VALIDATION", "FAILED", … */
  status: string;
  /** "AMAZON_ISSUED", which ACM renews, "IMPORTED", which it does not, or "PRIVATE". */
  type: string;
  /** "RSA_2048" */
  keyAlgorithm: string;
  requested?: Date;
  issued?: Date;
  expires?: Date;
  /** ARNs of what uses it. */
  inUseBy: string[];
  tags: Record<string, string>;
  /** Why it is FAILED: "CAA_ERROR". */
  failure?: string;
  /** Of its latest renewal: "PENDING_VALIDATION" when the proof of the domain has gone. */
  renewal?: string;
  /** One for each name. ACM makes them up a few seconds after the request. */
  validation: ValidationRecord[];
}

/** The CNAME record that proves a name. It is the same for all certificates that an account has for that name. */
export interface ValidationRecord {
  name: string;
  value: string;
}

export const idTag = "hubctl:id";
/** On a certificate: the hosted zone that its validation record was written to, because it was not there before. */
export const zoneTag = "hubctl:validation-zone";

/** Without this filter the list leaves out all but the two kinds of RSA keys that ACM began with. */
const allKeyTypes: KeyAlgorithm[] = [
  "RSA_1024",
  "RSA_2048",
  "RSA_3072",
  "RSA_4096",
  "EC_prime256v1",
  "EC_secp384r1",
  "EC_secp521r1",
];

/** All certificates of the region that are for the domain, in whatever state. */
export async function findCertificates(aws: AwsClients, domain: string): Promise<Certificate[]> {
  const found = await listAllCertificates(aws, (summary) => mayCover(summary, domain));
  return found.filter(({ names }) => covers(names, domain));
}

/** All certificates of the region that pass, in whatever state; each is described, which takes two calls. */
export async function listAllCertificates(
  aws: AwsClients,
  passes: (summary: CertificateSummary) => boolean,
): Promise<Certificate[]> {
  const { client, paginateListCertificates } = await loadAcm(aws);
  const arns: string[] = [];
  for await (const page of paginateListCertificates({ client }, { Includes: { keyTypes: allKeyTypes } })) {
    for (const summary of page.CertificateSummaryList ?? []) {
      if (summary.CertificateArn !== undefined && passes(summary)) arns.push(summary.CertificateArn);
    }
  }
  const found = await Promise.all(arns.map((arn) => describeCertificate(aws, arn)));
  return found.filter((certificate) => certificate !== undefined);
}

/** Undefined when there is none of that ARN. */
export async function describeCertificate(aws: AwsClients, arn: string): Promise<Certificate | undefined> {
  const { client, DescribeCertificateCommand, ListTagsForCertificateCommand } = await loadAcm(aws);
  try {
    const [{ Certificate: detail }, { Tags = [] }] = await Promise.all([
      client.send(new DescribeCertificateCommand({ CertificateArn: arn })),
      client.send(new ListTagsForCertificateCommand({ CertificateArn: arn })),
    ]);
    const tags = Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value]));
    return detail && asCertificate(arn, detail, tags);
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

interface CertificateRequest {
  domain: string;
  tags: Record<string, string>;
  /** The same for an hour: the same certificate. */
  token: string;
}

/** Asks ACM for a certificate that is proved by DNS; its ARN. */
export async function requestCertificate(
  aws: AwsClients,
  { domain, tags, token }: CertificateRequest,
): Promise<string> {
  const { client, RequestCertificateCommand } = await loadAcm(aws);
  try {
    const { CertificateArn: arn } = await client.send(
      new RequestCertificateCommand({
        DomainName: domain,
        ValidationMethod: "DNS",
        IdempotencyToken: token,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    if (arn === undefined) throw new ToolError("CertificateRefused", "ACM gave no certificate, and no reason");
    return arn;
  } catch (error) {
    throw asRequestError(error, aws.region);
  }
}

/** https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html */
function asRequestError(error: unknown, region: string): unknown {
  if (!(error instanceof Error) || error.name !== "LimitExceededException") return error;
  return new UserError("CertificateQuota", `the account may have no more certificates in ${region}`, {
    output: error.message,
    hint: `delete what nobody uses (aws acm list-certificates --region ${region}), or ask for more: aws service-quotas list-service-quotas --service-code acm --region ${region}. Those of the last 365 days count, too`,
    cause: error,
  });
}

export async function tagCertificate(aws: AwsClients, arn: string, tags: Record<string, string>): Promise<void> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { client, AddTagsToCertificateCommand } = await loadAcm(aws);
  await client.send(new AddTagsToCertificateCommand({ CertificateArn: arn, Tags }));
}

/** "in-use" while anything still uses it; a load balancer that is gone is known to ACM a while later. */
export async function deleteCertificate(aws: AwsClients, arn: string): Promise<"deleted" | "in-use"> {
  const { client, DeleteCertificateCommand } = await loadAcm(aws);
  try {
    await client.send(new DeleteCertificateCommand({ CertificateArn: arn }));
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceInUseException") return "in-use";
    if (!(error instanceof Error && error.name === "ResourceNotFoundException")) throw error;
  }
  return "deleted";
}

/** The SDK's part for ACM takes memory, and most runs of most commands do without it. */
async function loadAcm({ rare }: AwsClients) {
  const [sdk, client] = await Promise.all([import("@aws-sdk/client-acm"), rare.acm()]);
  return { ...sdk, client };
}

/** Whether a browser takes one of the names for the domain: an asterisk stands for one label. */
export function covers(names: readonly string[], domain: string): boolean {
  const above = domain.slice(domain.indexOf(".") + 1);
  return names.some((name) => name.toLowerCase() === domain || name.toLowerCase() === `*.${above}`);
}

/** Lists hold 100 names of a certificate at most, and tell when there are more. */
function mayCover(summary: CertificateSummary, domain: string): boolean {
  const { DomainName = "", SubjectAlternativeNameSummaries = [], HasAdditionalSubjectAlternativeNames } = summary;
  return (
    HasAdditionalSubjectAlternativeNames === true || covers([DomainName, ...SubjectAlternativeNameSummaries], domain)
  );
}

function asCertificate(arn: string, detail: CertificateDetail, tags: Record<string, string>): Certificate {
  const { DomainName: domain = "", SubjectAlternativeNames = [], DomainValidationOptions = [] } = detail;
  const records = DomainValidationOptions.flatMap(({ ResourceRecord: record }) =>
    record?.Name === undefined || record.Value === undefined ? [] : [{ name: record.Name, value: record.Value }],
  );
  const { CreatedAt: requested, IssuedAt: issued, NotAfter: expires } = detail;
  const { FailureReason: failure, RenewalSummary: { RenewalStatus: renewal } = {} } = detail;
  return {
    arn,
    domain,
    names: [...new Set([domain, ...SubjectAlternativeNames])],
    status: detail.Status ?? "?",
    type: detail.Type ?? "?",
    // Descriptions write a hyphen where lists and requests have an underscore.
    keyAlgorithm: (detail.KeyAlgorithm ?? "?").replace("-", "_"),
    ...(requested && { requested }),
    ...(issued && { issued }),
    ...(expires && { expires }),
    inUseBy: detail.InUseBy ?? [],
    tags,
    ...(failure && { failure }),
    ...(renewal && { renewal }),
    // A name and its wildcard share one.
    validation: [...new Map(records.map((record) => [record.name, record])).values()],
  };
}
