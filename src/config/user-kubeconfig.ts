import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import writeFileAtomic from "write-file-atomic";
import { stringify } from "yaml";
import { UserError } from "../errors.ts";
import { appendItem, parseYaml, removeItem, replaceItem, YamlTextError } from "./yaml-list.ts";

interface Named {
  name: string;
}

/** A kubeconfig with one context. */
export interface OneContext {
  "current-context": string;
  clusters: readonly Named[];
  contexts: readonly Named[];
  users: readonly Named[];
}

const lists = ["clusters", "contexts", "users"] as const;

/** The file that kubectl would write to: the first that $KUBECONFIG names, else the one in the home folder. */
export function userKubeconfig(env: NodeJS.ProcessEnv): string {
  const named = (env["KUBECONFIG"] ?? "").split(delimiter).find((file) => file !== "");
  return named ?? join(env["HOME"] || homedir(), ".kube", "config");
}

export interface Merged {
  context: string;
  isChanged: boolean;
  /** Where the file lies as it was before. */
  backup: string | undefined;
}

/** Adds or replaces one context with its cluster and user; all else in the file stays as it is, comments included. */
export async function mergeIntoFile(made: OneContext, file: string): Promise<Merged> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const unlock = lockLikeKubectl(file);
  try {
    const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    const after = mergeKubeconfig(before ?? "", made, file);
    const context = made["current-context"];
    if (after === before) return { context, isChanged: false, backup: undefined };
    const backup = before === undefined ? undefined : `${file}.before-hubctl`;
    if (before !== undefined && backup !== undefined) await writeFileAtomic(backup, before, { mode: 0o600 });
    await writeFileAtomic(file, after, { mode: before === undefined ? 0o600 : statSync(file).mode & 0o777 });
    return { context, isChanged: true, backup };
  } finally {
    unlock();
  }
}

/** https://github.com/kubernetes/client-go/blob/master/tools/clientcmd/loader.go (lockFile) */
function lockLikeKubectl(file: string): () => void {
  const lock = `${file}.lock`;
  try {
    closeSync(openSync(lock, "wx", 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new UserError("KubeconfigLocked", `another program is writing ${file}: there is ${lock}`, {
      hint: `wait for it, or if nothing writes there any more: rm ${lock}`,
      cause,
    });
  }
  return () => rmSync(lock, { force: true });
}

/** The text of the file with the context in it; the context that is in use stays in use. */
export function mergeKubeconfig(text: string, made: OneContext, file = "the kubeconfig"): string {
  if (text.trim() === "") return stringify({ ...made });
  try {
    const current = readMap(text);
    const merged = lists.reduce((edited, list) => putItem(edited, list, made[list][0]), text);
    return current["current-context"] === undefined ? withCurrentContext(merged, made["current-context"]) : merged;
  } catch (cause) {
    if (!(cause instanceof YamlTextError)) throw cause;
    throw new UserError("KubeconfigNotEditable", `${file} can't be edited: line ${cause.line}: ${cause.message}`, {
      hint: "put that line right, or name another file with KUBECONFIG; it was not touched",
      cause,
    });
  }
}

function readMap(text: string): Record<string, unknown> {
  const { value } = parseYaml(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  if (value === null) return {};
  throw new YamlTextError(1, "this is no kubeconfig");
}

/** kubectl takes the first of several of one name; so there is to be one. */
function putItem(text: string, list: (typeof lists)[number], item: Named | undefined): string {
  if (item === undefined) return text;
  const found = readMap(text)[list] ?? [];
  if (!Array.isArray(found)) throw new YamlTextError(parseYaml(text).lineOf([list]), `${list} is no list`);
  const places = found.flatMap((one: Partial<Named> | null, index) => (one?.name === item.name ? [index] : []));
  const [first, ...rest] = places;
  if (first === undefined) return appendItem(text, [list], item);
  const single = rest.reverse().reduce((edited, index) => removeItem(edited, [list], index), text);
  return isDeepStrictEqual(found[first], item) ? single : replaceItem(single, [list], first, item);
}

/** A file without contexts of its own has none in use either. */
function withCurrentContext(text: string, context: string): string {
  if (text.trimStart().startsWith("{")) return text;
  return `${text.endsWith("\n") ? text : `${text}\n`}current-context: ${context}\n`;
}
