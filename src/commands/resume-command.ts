import { quoteWord } from "./quote-word.ts";

interface Retyped {
  set?: readonly string[];
  allowReplace?: readonly string[];
  confirm?: string;
  rollback?: boolean;
  useLocalConfig?: boolean;
}

/**
 * The command that goes on from wherever a run stops. The lock file keeps what an upgrade has chosen, so an update
 * without it goes on from there.
 */
export function resumeCommand(
  command: "install" | "update",
  deployment: string,
  { set = [], allowReplace = [], confirm, rollback = false, useLocalConfig = false }: Retyped,
): string {
  return [
    `hubctl ${command} --deployment ${deployment}`,
    ...(rollback ? ["--rollback"] : []),
    ...set.map((entry) => `--set ${quoteWord(entry)}`),
    ...allowReplace.map((address) => `--allow-replace ${quoteWord(address)}`),
    ...(useLocalConfig ? ["--use-local-config"] : []),
    ...(confirm === undefined ? [] : [`--confirm ${confirm}`]),
  ].join(" ");
}
