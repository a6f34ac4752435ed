import type { Certificate } from "../../aws/certificates.ts";
import { findOwnCertificates, removeOwnCertificates, writtenRecord } from "../../aws/own-certificates.ts";
import { pollUntil } from "../../engine/poll.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import type { Cleanup } from "./cleanup.ts";

/** ACM learns late that a load balancer is gone. */
const inUseSeconds = 900;

/** Comes after the load balancer: what is in use can't be deleted. */
export const removeCertificate = defineStep({
  id: "remove-certificate",
  title: "Delete the certificate that was requested for the hub",
  async check({ aws, id }: Cleanup) {
    const own = await findOwnCertificates(aws, id);
    if (own.length === 0) return { done: "none was requested" };
    const hasRecord = own.some((certificate) => writtenRecord(certificate) !== undefined);
    const domains = [...new Set(own.map(({ domain }) => domain))].join(", ");
    return { change: `${domains}${hasRecord ? ", with the record that proves it" : ""}`, plan: own };
  },
  async run({ aws, config, signal }: Cleanup, own: readonly Certificate[], report: Report) {
    await pollUntil(
      async () => {
        const [inUse] = await removeOwnCertificates(aws, config, own);
        if (!inUse) return true;
        report.progress(`AWS takes it for in use by ${inUse.inUseBy.join(", ") || "something"}`);
        return undefined;
      },
      { what: "the certificate to be out of use", everySeconds: 10, timeoutSeconds: inUseSeconds, signal },
    );
  },
});
