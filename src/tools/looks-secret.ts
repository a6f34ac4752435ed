import type { AttributeChange } from "../engine/object-change.ts";

export const secretName = /pass|secret|token|key|credential|auth/i;

/** "--api-token=x", "password: x", and the same in JSON. */
const assignment = /(?:pass(?:word|wd|phrase)?|secret|token|credentials?|api_?key)[\w-]*\\?["']?\s*[:=]\s*\S/i;
/** Of a list of arguments, as JSON: the flag, and its value as the next word. */
const flag = /"--?[\w-]*(?:pass|secret|token|credential|api-?key)[\w-]*","/i;
const passwordInUrl = /:\/\/[^\s/:@]*:[^\s/@]+@/;

/** Whether somebody has put a secret where none belongs: among a pod's variables and arguments, or in a ConfigMap. */
export function looksSecret(kind: string, { path, before, after }: AttributeChange): boolean {
  const [, variable] = /\benv\[([^\]]+)\]\.value$/.exec(path) ?? [];
  if (variable !== undefined && secretName.test(variable)) return true;
  // Variables of the same name are told apart by their place alone.
  if (/\benv\.\d+\.value$/.test(path)) return true;
  if (kind === "ConfigMap" && /^(data|binaryData)\./.test(path) && secretName.test(path)) return true;
  return [before, after].some((value) => {
    const text = typeof value === "string" ? value : JSON.stringify(value ?? "");
    return assignment.test(text) || flag.test(text) || passwordInUrl.test(text);
  });
}
