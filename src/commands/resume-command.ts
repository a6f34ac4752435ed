import { quoteWord } from "./quote-word.ts";

interface Retyped {
  set?: readonly string[];
  allowReplace?: readonly string[];
  confirm?: string;
}

/**
 * The command that goes on from wherever a run stops. The lock file keeps what an upgrade or a rollback has chosen, so
 * an update without them goes on from there.
 */
export function resumeCommand(
  command: "install" | "update",
  deployment: string,
  { set = [], allowReplace = [], confirm }: Retyped,
): string {
  return [
    `hubctl ${command} --deployment ${deployment}`,
    ...set.map((entry) => `--set ${quoteWord(entry)}`),
    ...allowReplace.map((address) => `--allow-replace ${quoteWord(address)}`),
    ...(confirm === undefined ? [] : [`--confirm ${confirm}`]),
  ].join(" ");
}
