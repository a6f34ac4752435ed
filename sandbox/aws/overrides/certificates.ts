import { createHash } from "node:crypto";
import { errorAnswer, jsonAnswer } from "../answers.ts";
import { bare, PublicRecords, undelegatedZones } from "../public-records.ts";
import { jsonParameters, queryParameters, type Override, type ReceivedRequest } from "../received.ts";
import type { AwsResponse } from "../types.ts";
import type { OverrideContext } from "./context.ts";

/** What is known of a certificate that somebody requested; those that moto has besides are issued. */
interface Requested {
  at: number;
  /** When all of its records were seen. */
  proved?: number;
  issued?: true;
  failure?: string;
}

interface Detail {
  CertificateArn?: string;
  DomainName?: string;
  SubjectAlternativeNames?: string[];
  SubjectAlternativeNameSummaries?: string[];
  Status?: string;
  Type?: string;
  KeyAlgorithm?: string;
  InUseBy?: string[];
  DomainValidationOptions?: { DomainName: string; ValidationStatus?: string; ResourceRecord?: unknown }[];
  [other: string]: unknown;
}

/** AWS takes some seconds to make up the record, and minutes to issue; here it is quicker, but never at once. */
const pace = { record: 500, issue: 1_000 };

const issuedOnly = ["NotBefore", "NotAfter", "IssuedAt", "Serial", "Issuer"];
const defaultKeys = ["RSA_1024", "RSA_2048"];
const amazon = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];

/**
 * moto issues every certificate by itself. AWS issues one when the public DNS has the record that proves it and CAA
 * records allow Amazon, and a load balancer takes it only then.
 * https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
 */
export function proveCertificates({ moto, notes }: OverrideContext): Override {
  const requested = notes.map("certificates");
  const dns = new PublicRecords(moto, notes.map(undelegatedZones));

  const answers: Record<string, Override> = {
    RequestCertificate: takeRequest,
    DescribeCertificate: describe,
    ListCertificates: list,
    GetCertificate: getCertificate,
    DeleteCertificate: forget,
  };
  return async (request) => {
    if (request.service === "elasticloadbalancing") return refuseUnissued(request);
    if (request.service !== "acm") return undefined;
    return answers[request.action ?? ""]?.(request);
  };

  async function takeRequest(request: ReceivedRequest): Promise<AwsResponse> {
    const response = await moto.forward(request);
    if (response.status >= 300) return response;
    const { CertificateArn: arn = "" } = JSON.parse(response.body.toString()) as { CertificateArn?: string };
    const isPrivate = jsonParameters(request)["CertificateAuthorityArn"] !== undefined;
    if (!isPrivate && !requested.has(arn)) note(arn, { at: Date.now() });
    return response;
  }

  async function describe(request: ReceivedRequest): Promise<AwsResponse> {
    const response = await moto.forward(request);
    if (response.status >= 300) return response;
    const { Certificate: detail = {} } = JSON.parse(response.body.toString()) as { Certificate?: Detail };
    const { account } = request.caller;
    const InUseBy = await named(detail.InUseBy ?? [], request);
    const amended = await amend(detail, account);
    const KeyAlgorithm = detail.KeyAlgorithm?.replace("_", "-");
    return jsonAnswer({ Certificate: { ...amended, KeyAlgorithm, InUseBy } }, 200, "application/x-amz-json-1.1");
  }

  async function list(request: ReceivedRequest): Promise<AwsResponse> {
    const {
      CertificateStatuses: statuses,
      Includes,
      ...rest
    } = jsonParameters(request) as {
      CertificateStatuses?: string[];
      Includes?: { keyTypes?: string[] };
    };
    const response = await moto.forward(request, JSON.stringify(rest));
    if (response.status >= 300) return response;
    const answer = JSON.parse(response.body.toString()) as { CertificateSummaryList?: Detail[] };
    const keyTypes = Includes?.keyTypes ?? defaultKeys;
    const amended = await Promise.all(
      (answer.CertificateSummaryList ?? []).map(async (summary): Promise<Detail> => {
        const { SubjectAlternativeNames: names, ...all } = await amend(summary, request.caller.account);
        delete all.DomainValidationOptions;
        return { ...all, ...(names && { SubjectAlternativeNameSummaries: names }) };
      }),
    );
    const CertificateSummaryList = amended.filter(
      ({ Status = "", KeyAlgorithm = "" }) => keyTypes.includes(KeyAlgorithm) && (statuses?.includes(Status) ?? true),
    );
    return jsonAnswer({ ...answer, CertificateSummaryList }, 200, "application/x-amz-json-1.1");
  }

  async function getCertificate(request: ReceivedRequest): Promise<AwsResponse | undefined> {
    const arn = arnIn(request);
    if (await isIssued(request, arn)) return undefined;
    return errorAnswer(request, 400, "RequestInProgressException", `Certificate ${arn} is not issued.`);
  }

  async function forget(request: ReceivedRequest): Promise<AwsResponse> {
    const response = await moto.forward(request);
    if (response.status < 300) requested.delete(arnIn(request));
    return response;
  }

  async function refuseUnissued(request: ReceivedRequest): Promise<AwsResponse | undefined> {
    if (!["CreateListener", "ModifyListener", "AddListenerCertificates"].includes(request.action ?? ""))
      return undefined;
    const arn = queryParameters(request).get("Certificates.member.1.CertificateArn");
    if (arn === null || (await isIssued(request, arn))) return undefined;
    const message = `The certificate '${arn}' must have a fully-qualified domain name, a supported signature, and a supported key size.`;
    return errorAnswer(request, 400, "UnsupportedCertificate", message);
  }

  async function isIssued({ region, caller: { account } }: ReceivedRequest, arn: string): Promise<boolean> {
    if (!requested.has(arn)) return true;
    const answer = await moto.json({ service: "acm", region, account }, "CertificateManager.DescribeCertificate", {
      CertificateArn: arn,
    });
    if (answer.status >= 300) return true;
    const { Certificate: detail = {} } = JSON.parse(answer.body.toString()) as { Certificate?: Detail };
    return (await amend(detail, account)).Status === "ISSUED";
  }

  /** What moto says of a certificate, as AWS would. */
  async function amend(detail: Detail, account: string): Promise<Detail> {
    const { CertificateArn: arn = "", DomainName = "", SubjectAlternativeNames = [], Type } = detail;
    if (Type !== "AMAZON_ISSUED") return detail;
    const names = [...new Set([DomainName, ...SubjectAlternativeNames])];
    const before = requested.get(arn);
    const known = before === undefined ? undefined : await advance(arn, names, account);
    const records = names.map((name) => {
      const hasRecord = known === undefined || Date.now() - known.at >= pace.record;
      const ValidationStatus = known?.failure ? "FAILED" : !known || known.proved ? "SUCCESS" : "PENDING_VALIDATION";
      return {
        DomainName: name,
        ValidationDomain: name,
        ValidationMethod: "DNS",
        ValidationStatus,
        ...(hasRecord && { ResourceRecord: recordOf(account, name) }),
      };
    });
    const described = { ...detail, SubjectAlternativeNames: names, DomainValidationOptions: records };
    if (!known || known.issued) return { ...described, Status: "ISSUED" };
    const without = Object.fromEntries(Object.entries(described).filter(([field]) => !issuedOnly.includes(field)));
    return known.failure
      ? { ...without, Status: "FAILED", FailureReason: known.failure }
      : { ...without, Status: "PENDING_VALIDATION" };
  }

  async function advance(arn: string, names: readonly string[], account: string): Promise<Requested> {
    const known = JSON.parse(requested.get(arn) ?? "{}") as Requested;
    if (known.issued || known.failure) return known;
    if (known.proved === undefined && Date.now() - known.at >= pace.record) {
      const proofs = await Promise.all(names.map((name) => isProved(account, name)));
      if (proofs.every(Boolean)) known.proved = Date.now();
    } else if (known.proved !== undefined && Date.now() - known.proved >= pace.issue) {
      const allowed = await Promise.all(names.map((name) => allowsAmazon(account, name)));
      if (allowed.every(Boolean)) known.issued = true;
      else known.failure = "CAA_ERROR";
    }
    note(arn, known);
    return known;
  }

  async function isProved(account: string, name: string): Promise<boolean> {
    const { Name, Type, Value } = recordOf(account, name);
    return (await dns.lookUp(account, Name, Type)).some((value) => bare(value) === bare(Value));
  }

  /** https://www.rfc-editor.org/rfc/rfc8659 */
  async function allowsAmazon(account: string, name: string): Promise<boolean> {
    const isWildcard = name.startsWith("*.");
    const labels = name.replace(/^\*\./, "").split(".");
    for (let depth = 0; depth < labels.length; depth++) {
      const records = await dns.lookUp(account, labels.slice(depth).join("."), "CAA");
      if (records.length === 0) continue;
      const of = (tag: string) =>
        records.flatMap((value) => new RegExp(`^\\d+ ${tag} "([^";]*)`).exec(value)?.slice(1) ?? []);
      const wild = isWildcard ? of("issuewild") : [];
      const issuers = wild.length > 0 ? wild : of("issue");
      return issuers.length === 0 || issuers.some((issuer) => amazon.includes(issuer.trim()));
    }
    return true;
  }

  /** moto calls each load balancer an application load balancer. */
  async function named(arns: readonly string[], request: ReceivedRequest): Promise<string[]> {
    if (arns.length === 0) return [];
    const call = { service: "elasticloadbalancing", region: request.region, account: request.caller.account };
    const text = (await moto.query(call, "DescribeLoadBalancers", {})).body.toString();
    const types = [...text.matchAll(/<Type>([^<]*)<\/Type>/g)].map(([, type]) => type);
    const all = [...text.matchAll(/<LoadBalancerArn>([^<]*)<\/LoadBalancerArn>/g)].map(([, arn = ""]) => arn);
    return arns.map((arn) => (types[all.indexOf(arn)] === "network" ? arn.replace("/app/", "/net/") : arn));
  }

  function note(arn: string, known: Requested): void {
    requested.set(arn, JSON.stringify(known));
  }
}

function arnIn(request: ReceivedRequest): string {
  const { CertificateArn: arn } = jsonParameters(request);
  return typeof arn === "string" ? arn : "";
}

/** The same for every certificate that the account has for that name, or for its wildcard. */
function recordOf(account: string, name: string): { Name: string; Type: string; Value: string } {
  const domain = name.replace(/^\*\./, "");
  const digest = (what: string) => createHash("md5").update(`${what} ${account} ${domain}`).digest("hex");
  return {
    Name: `_${digest("name")}.${domain}.`,
    Type: "CNAME",
    Value: `_${digest("value")}.${digest("host").slice(0, 10)}.acm-validations.aws.`,
  };
}
