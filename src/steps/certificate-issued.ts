import { describeFailure, findFault } from "../aws/certificate-rules.ts";
import { describeCertificate, type Certificate } from "../aws/certificates.ts";
import { hasValidationRecord } from "../aws/validation-records.ts";
import { expiryOfChain, judgeOwnCertificate } from "../config/own-certificate.ts";
import { DnsUnanswered, openDns } from "../dns/ask.ts";
import { plainName } from "../dns/names.ts";
import { pollUntil } from "../engine/poll.ts";
import { defineStep, type Checked, type Report } from "../engine/step.ts";
import { HubctlError, ToolError, UserError } from "../errors.ts";
import { hub } from "../releases/hub.ts";
import { getCommand } from "../tools/kubectl.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { parseTlsSecret } from "../tools/tls-secret.ts";
import { describeEnd } from "./deployment-certificate.ts";
import type { Installation } from "./installation.ts";
import { findValidationZone } from "./validation-zone.ts";

type Plan = { waitFor: Certificate } | { lookAt: string; target: KubeTarget };

const timeoutSeconds = 30 * 60;

/** A load balancer takes a certificate only once it is issued, and the hub's proxy starts only once its secret is there. */
export const certificateIssued = defineStep({
  id: "certificate-issued",
  title: "Wait until the certificate can be used",
  usual: 120,
  async check(installation: Installation): Promise<Checked<Plan>> {
    const { certificate: wanted } = installation.config;
    if (typeof wanted !== "string") {
      return "secret" in wanted ? checkSecret(installation, wanted.secret) : { done: "it is your own" };
    }
    const found = await installation.certificate();
    if (found.kind === "usable") return { done: describeEnd(found.certificate) };
    if (found.kind === "pending") {
      return { change: `wait for AWS, which issues ${found.certificate.arn}`, plan: { waitFor: found.certificate } };
    }
    return { unknown: "known once it is requested" };
  },
  async run(installation: Installation, plan: Plan, report: Report) {
    if ("waitFor" in plan) {
      await waitUntilIssued(installation, plan.waitFor, report);
      installation.forget();
    } else {
      await readSecret(installation, plan.lookAt, plan.target);
    }
  },
});

async function waitUntilIssued(installation: Installation, { arn }: Certificate, report: Report): Promise<void> {
  const { aws, signal, config } = installation;
  const started = Date.now();
  let trouble: Trouble | undefined;
  try {
    await pollUntil(
      async () => {
        const certificate = await describeCertificate(aws, arn);
        if (certificate?.status === "ISSUED") return true;
        if (certificate?.status !== "PENDING_VALIDATION") throw refused(certificate, { arn, domain: config.domain });
        // For a while there is nothing to wonder about.
        if (Date.now() - started > 60_000) trouble = await findTrouble(installation, certificate);
        report.progress(trouble?.message ?? "AWS looks for the record that proves the domain");
        return undefined;
      },
      { what: `AWS to issue the certificate for ${config.domain}`, everySeconds: 5, timeoutSeconds, signal },
    );
  } catch (error) {
    if (!(error instanceof HubctlError) || error.code !== "WaitedTooLong") throw error;
    const certificate = await describeCertificate(aws, arn);
    const why = certificate && (await findTrouble(installation, certificate));
    throw new ToolError("CertificateNotProved", `${error.message}${why ? `: ${why.message}` : ""}`, {
      hint: why?.hint ?? "run the same command again: it goes on with the same request, for which AWS takes 72 hours",
      cause: error,
    });
  }
}

function refused(certificate: Certificate | undefined, { arn, domain }: { arn: string; domain: string }): UserError {
  if (!certificate) {
    const hint = "run the same command again: it requests another one";
    return new UserError("CertificateGone", `somebody has deleted the certificate ${arn}`, { hint });
  }
  const fault = findFault(certificate, domain);
  const { message, hint } = fault ?? describeFailure(domain, certificate.status);
  return new UserError(fault?.code ?? "CertificateFailed", message, {
    hint: `${hint}; then run the same command again`,
  });
}

interface Trouble {
  message: string;
  hint: string;
}

/** What keeps AWS from finding the record; undefined if it can be found, so that there is nothing to do but wait. */
async function findTrouble(
  { aws, config, signal }: Pick<Installation, "aws" | "config" | "signal">,
  { validation: [record] }: Pick<Certificate, "validation">,
): Promise<Trouble | undefined> {
  if (!record) return undefined;
  const dns = openDns({ signal });
  const line = `${record.name} CNAME ${record.value}`;
  try {
    const [seen] = await dns.cname(plainName(record.name));
    if (seen !== undefined && plainName(seen) === plainName(record.value)) return undefined;
    if (seen !== undefined) {
      return {
        message: `the record ${record.name} leads to ${seen}, which proves nothing to AWS`,
        hint: `correct it: ${line}`,
      };
    }
  } catch (error) {
    if (!(error instanceof DnsUnanswered)) throw error;
    return { message: error.message, hint: error.hint ?? "" };
  }
  const zone = await findValidationZone(aws, dns, config);
  if ("none" in zone) return { message: `${zone.none}, and DNS does not show ${line}`, hint: zone.todo };
  const { id, name } = zone.zone;
  return (await hasValidationRecord(zone.client, id, record))
    ? {
        message: `the zone ${name} (${id}) has the record ${record.name}, but DNS does not show it yet`,
        hint: `look whether DNS leads to that zone: dig +trace NS ${name}`,
      }
    : {
        message: `the record ${record.name} has gone from the zone ${name} (${id})`,
        hint: "run the same command again: it writes the record anew",
      };
}

async function checkSecret(installation: Installation, name: string): Promise<Checked<Plan>> {
  const target = await installation.kubeTarget();
  if (!target) return { unknown: "known once the cluster exists" };
  try {
    return { done: await readSecret(installation, name, target) };
  } catch (error) {
    // At its turn: before that, the namespace that the secret must be in may not be there.
    if (!(error instanceof UserError)) throw error;
    return { change: `look at the secret ${name}`, plan: { lookAt: name, target } };
  }
}

/** Until when it is good. UserError if the hub could not show it. */
async function readSecret({ exec, config, workDir }: Installation, name: string, target: KubeTarget): Promise<string> {
  const { stdout } = await exec(getCommand(target, { resource: "secret", name, namespace: hub.namespace }));
  const create = `kubectl --kubeconfig ${workDir.kubeconfig} create secret tls ${name} --namespace ${hub.namespace} --cert=CHAIN.pem --key=KEY.pem`;
  const own = parseTlsSecret(stdout);
  if (!own) {
    throw new UserError("CertificateSecretMissing", `there is no secret ${name} in namespace ${hub.namespace}`, {
      hint: `${create}; then run the same command again`,
    });
  }
  const { problems } = judgeOwnCertificate(own, config.domain);
  if (problems.length > 0) {
    const words = problems.map(({ part, message }) => `${part === "key" ? "tls.key" : "tls.crt"} ${message}`);
    throw new UserError("CertificateSecretUnfit", `the secret ${name} can't be used: ${words.join("; ")}`, {
      hint: `kubectl delete it, then ${create}`,
    });
  }
  const end = expiryOfChain(own.chain);
  return `the secret ${name}${end ? `, until ${end.toISOString().slice(0, 10)}` : ""}`;
}
