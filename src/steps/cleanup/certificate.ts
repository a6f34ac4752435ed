import { removableRecord, removeOwnCertificate, findOwnCertificates } from "../../aws/own-certificates.ts";
import type { Certificate } from "../../aws/certificates.ts";
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
    const found = await findOwnCertificates(aws, id);
    if (found.length === 0) return { done: "none was requested" };
    const records = found.filter((certificate) => removableRecord(certificate) !== undefined).length;
    const change = `${found.map(({ domain }) => domain).join(", ")}${records > 0 ? ", with the record that proves it" : ""}`;
    return { change, plan: found };
  },
  async run({ aws, config, signal }: Cleanup, found: readonly Certificate[], report: Report) {
    for (const certificate of found) {
      await pollUntil(
        async () => {
          if ((await removeOwnCertificate(aws, config, certificate)) === "deleted") return true;
          report.progress("AWS still takes it for in use");
          return undefined;
        },
        {
          what: `the certificate ${certificate.arn} to be out of use`,
          everySeconds: 10,
          timeoutSeconds: inUseSeconds,
          signal,
        },
      );
    }
  },
});
