import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { ReadStream, WriteStream } from "node:tty";
import { UserError } from "../errors.ts";

/**
 * Asks for a code of a device that a profile names as mfa_serial. On the terminal itself: kubectl takes this program's
 * standard output for the answer, and gives it no standard input.
 */
export async function askMfaCode(serial: string, terminal = "/dev/tty"): Promise<string> {
  const [input, output] = openTerminal(serial, terminal);
  const dialog = createInterface({ input, output });
  try {
    return (await dialog.question(`Code of the MFA device ${serial}: `)).trim();
  } finally {
    dialog.close();
    input.destroy();
    output.destroy();
  }
}

function openTerminal(serial: string, terminal: string): [ReadStream, WriteStream] {
  const opened: number[] = [];
  try {
    for (const flags of ["r", "w"]) opened.push(openSync(terminal, flags));
    const [input = -1, output = -1] = opened;
    return [new ReadStream(input), new WriteStream(output)];
  } catch (cause) {
    for (const descriptor of opened) closeSync(descriptor);
    throw new UserError(
      "MfaNeedsTerminal",
      `the AWS profile asks for a code of the MFA device ${serial}, and there is no terminal`,
      {
        hint: `get keys for a session on a terminal (aws sts get-session-token --serial-number ${serial} --token-code CODE), and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN`,
        cause,
      },
    );
  }
}
