import type { CheckedList } from "../engine/run-steps.ts";
import { certificate, type CertificatePlan } from "../steps/certificate.ts";
import { describeEnd } from "../steps/deployment-certificate.ts";
import type { Output } from "../ui/output.ts";
import { chooseOrAbort } from "../ui/prompts.ts";

const newOne = "request";

/**
 * Where one would be requested although the account has one that fits, asks which it shall be: that one is somebody
 * else's, who may delete it some day. Nobody is asked without a terminal, and --yes takes none.
 */
export async function offerCertificate(
  checked: CheckedList,
  output: Output,
  { yes }: { yes: boolean },
): Promise<CheckedList> {
  const found = checked.get(certificate.id);
  if (yes || !output.canAsk || !found || !("change" in found)) return checked;
  const plan = found.plan as CertificatePlan;
  if (plan.do !== "request" || plan.others.length === 0) return checked;
  const choice = await chooseOrAbort(
    output,
    [
      { value: newOne, name: "request one of the hub's own, which goes with it" },
      ...plan.others.map((other) => ({
        value: other.arn,
        name: `${other.arn}: for ${other.names.join(", ")}, ${describeEnd(other)}; not this deployment's`,
      })),
    ],
    { message: "The account has a certificate that fits. Which one shall it be?", flag: "--certificate-arn ARN" },
  );
  if (choice === newOne) return checked;
  const settled: CertificatePlan = { do: "settle", arn: choice };
  return new Map([...checked, [certificate.id, { change: `use ${choice}`, plan: settled }]]);
}
