import { openDns } from "../dns/ask.ts";
import { pollUntil } from "../engine/poll.ts";
import type { Report } from "../engine/step.ts";
import { ToolError } from "../errors.ts";
import { checkReach, faultOf } from "../reach/check-reach.ts";
import type { ReachCheck } from "../reach/layer.ts";
import type { Installation } from "./installation.ts";

interface Answering {
  host: string;
  nameServers: readonly string[];
  /** New targets pass their first health checks, and DNS servers take a record, within minutes. */
  timeoutSeconds?: number;
}

/** Asks again and again until the hub answers at its domain; in the end with whatever was found last. */
export async function waitForAnswer(
  { config, deployment, signal }: Pick<Installation, "config" | "deployment" | "signal">,
  { host, nameServers, timeoutSeconds = 300 }: Answering,
  report: Pick<Report, "progress">,
): Promise<ReachCheck[]> {
  const { domain, network } = config;
  const dns = openDns({ signal });
  const question = {
    dns,
    domain,
    host,
    nameServers,
    deployment: deployment.name,
    isInternal: network.internal,
    signal,
  };
  let checks: ReachCheck[] = [];
  try {
    await pollUntil(
      async () => {
        checks = await checkReach(question);
        const fault = faultOf(checks);
        report.progress(fault?.text ?? "it answers");
        // From here it will not be known any better.
        const isOutOfReach = fault?.state === "unknown" && (fault.layer === "connection" || fault.layer === "proxy");
        return fault === undefined || isOutOfReach ? true : undefined;
      },
      { what: `https://${domain}`, everySeconds: 5, timeoutSeconds, signal },
    );
  } catch (error) {
    if (!(error instanceof ToolError && error.code === "WaitedTooLong")) throw error;
  }
  return checks;
}
