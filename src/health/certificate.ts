import { findFault } from "../aws/certificate-rules.ts";
import { describeCertificate, type Certificate } from "../aws/certificates.ts";
import { daysUntil, expiryOfChain, judgeOwnCertificate, readPemFile, soonDays } from "../config/own-certificate.ts";
import { conclude, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

/** Whether the domain's certificate is good, and for how long. */
export async function checkCertificate(scene: Scene): Promise<Finding> {
  const { config, lock, aws, now } = scene;
  const { certificate: wanted } = config;
  if (typeof wanted !== "string") {
    return "secret" in wanted ? checkSecret(scene, wanted.secret) : judgeFiles(wanted.chainFile, now);
  }
  const arn = wanted === "auto" ? lock.certificate : wanted;
  if (arn === undefined) {
    const text = "no certificate is settled on yet";
    return conclude("", [{ state: "problem", text, todo: installAgain(scene) }]);
  }
  const found = await describeCertificate(aws, arn);
  if (found) return judgeCertificate(found, config.domain, now);
  return conclude("", [
    { state: "problem", text: `there is no certificate ${arn} any more`, todo: installAgain(scene) },
  ]);
}

export function judgeCertificate(found: Certificate, domain: string, now: Date): Finding {
  const { arn, status, expires, type, renewal } = found;
  const remarks: Remark[] = [];
  const fault = findFault(found, domain, now);
  if (fault) remarks.push({ state: "problem", text: fault.message, todo: fault.hint });
  else if (expires) remarks.push(...endRemarks(expires, now, whoRenews(found)));
  if (!fault && renewal === "FAILED") {
    remarks.push({ state: "warning", text: "AWS could not renew it", todo: whoRenews(found) });
  }
  const details = { arn, status, type, ...(expires && { expires: expires.toISOString() }) };
  return conclude(goodUntil(expires, now), remarks, details);
}

/** ACM renews what it issued itself 60 days before the end, as long as the record is there. */
function whoRenews({ type, validation: [record] }: Certificate): string {
  if (type !== "AMAZON_ISSUED") return "aws acm import-certificate --certificate-arn with its successor";
  if (!record) return "aws acm describe-certificate tells why AWS has not renewed it";
  return `look whether DNS shows the record ${record.name} CNAME ${record.value}: without it AWS can't renew`;
}

function judgeFiles(chainFile: string, now: Date): Finding {
  const read = readPemFile(chainFile);
  if ("message" in read) return { state: "unknown", finding: read.message };
  return judgeEnd(expiryOfChain(read.text), now, "put its successor into the files, then hubctl install");
}

async function checkSecret({ tlsSecret, config, now }: Scene, name: string): Promise<Finding> {
  const own = await tlsSecret(name);
  const create = `kubectl create secret tls ${name} --cert=CHAIN.pem --key=KEY.pem -n jupyterhub`;
  if (!own) return conclude("", [{ state: "problem", text: `there is no secret ${name}`, todo: create }]);
  const { problems } = judgeOwnCertificate(own, config.domain, now);
  const remarks = problems.map(({ message }): Remark => ({
    state: "problem",
    text: `${name}: ${message}`,
    todo: create,
  }));
  if (remarks.length > 0) return conclude("", remarks);
  return judgeEnd(expiryOfChain(own.chain), now, "put its successor into the secret");
}

function judgeEnd(expires: Date | undefined, now: Date, todo: string): Finding {
  if (!expires) return { state: "unknown", finding: "it holds no certificate" };
  const details = { expires: expires.toISOString() };
  return conclude(goodUntil(expires, now), endRemarks(expires, now, todo), details);
}

function endRemarks(expires: Date, now: Date, todo: string): Remark[] {
  const days = daysUntil(expires, now);
  const day = expires.toISOString().slice(0, 10);
  if (expires <= now) return [{ state: "problem", text: `it expired on ${day}`, todo }];
  return days < soonDays ? [{ state: "warning", text: `it expires in ${days} days, on ${day}`, todo }] : [];
}

function goodUntil(expires: Date | undefined, now: Date): string {
  if (!expires) return "issued";
  return `good until ${expires.toISOString().slice(0, 10)}, for ${daysUntil(expires, now)} days`;
}
