import { UserError } from "../errors.ts";
import type { Installation } from "../steps/installation.ts";
import { describeLoss } from "../tools/plan-guard.ts";
import type { Output } from "../ui/output.ts";
import { confirmOrAbort, typeOrAbort } from "../ui/prompts.ts";

/** What the operator has agreed to by options. */
export interface Consent {
  yes: boolean;
  /** The deployment's name, which agrees to the loss of data that `--allow-replace` has named. */
  confirm?: string;
  question: string;
}

const declined = "declined; nothing was touched";

/** Asks whatever no option has answered; true if that took somebody's time. Losing data takes more than a yes. */
export async function agreeToChanges(
  { config, guard }: Pick<Installation, "config" | "guard">,
  output: Output,
  { yes, confirm, question }: Consent,
): Promise<boolean> {
  const { name } = config;
  if (confirm !== undefined && confirm !== name) {
    throw new UserError("WrongName", `--confirm ${confirm} is not the name of the deployment`, {
      hint: `to agree to the loss of data: --confirm ${name}`,
    });
  }
  const { losses } = guard;
  if (losses.length > 0) output.note(output.style("bold", "What will be lost, as allowed:"));
  for (const loss of losses) {
    output.note(
      `  • ${describeLoss(loss)}${loss.carriesData ? output.style("red", ": all that it holds is lost") : ""}`,
    );
  }
  if (losses.some(({ carriesData }) => carriesData) && confirm === undefined) {
    const message = `Data will be lost. Type the deployment's name (${name}) to go on:`;
    await typeOrAbort(output, name, { message, flag: `--confirm ${name}`, declined });
    return true;
  }
  if (yes) return false;
  await confirmOrAbort(output, { message: question, flag: "--yes", declined });
  return true;
}
