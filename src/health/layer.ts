/** In the order in which they are shown: each stands on those before it. */
export const layerNames = [
  "login",
  "configuration",
  "state",
  "cluster",
  "nodes",
  "add-ons",
  "karpenter",
  "releases",
  "hub",
  "storage",
  "load-balancer",
  "certificate",
  "dns",
  "fill-jobs",
  "servers",
  "backups",
] as const;
export type LayerName = (typeof layerNames)[number];

/** `unknown`: it could not be asked. */
export type LayerState = "ok" | "warning" | "problem" | "unknown";

export interface Finding {
  state: LayerState;
  finding: string;
  /** What to do: a command, or one sentence. */
  todo?: string;
  /** For programs; docs/operations.md lists them. */
  details?: Record<string, unknown>;
}

export interface LayerHealth extends Finding {
  layer: LayerName;
}

/** What `hubctl status --json` prints. */
export interface Health {
  deployment: string;
  /** When it was asked. */
  checked: string;
  layers: LayerHealth[];
}

/** One thing that is not as it should be. */
export interface Remark {
  state: Exclude<LayerState, "ok">;
  text: string;
  todo?: string;
}

const gravest = ["problem", "unknown", "warning"] as const;

/** `good` if there is nothing to remark, else all remarks, the gravest first and with what to do about that one. */
export function conclude(good: string, remarks: readonly Remark[], details?: Record<string, unknown>): Finding {
  const sorted = gravest.flatMap((state) => remarks.filter((remark) => remark.state === state));
  const [first] = sorted;
  const more = details && { details };
  if (first === undefined) return { state: "ok", finding: good, ...more };
  const todo = sorted.find((remark) => remark.state === first.state && remark.todo !== undefined)?.todo;
  const finding = sorted.map(({ text }) => text).join("; ");
  return { state: first.state, finding, ...(todo !== undefined && { todo }), ...more };
}

/** "a, b, c and 4 more" */
export function nameSome(names: readonly string[], most = 3): string {
  // "and 1 more" would be no shorter than the name.
  if (names.length <= most + 1) return names.join(", ");
  return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}

/** "1 node", "2 nodes" */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Something that one layer asks beside others. */
export type Answer<Value> = { value: Value } | { unknown: string };

/** What was asked, or why it could not be; never throws. */
export async function settle<Value>(asked: Promise<Value>): Promise<Answer<Value>> {
  try {
    return { value: await asked };
  } catch (error) {
    return { unknown: describeReason(error) };
  }
}

/** Why something could not be asked, in one line. */
export function describeReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { call, output } = error as { call?: string; output?: string };
  if (call !== undefined) return `AWS refused the call ${call}: ${firstLine(error.message) || error.name}`;
  const words = output === undefined ? "" : lastLine(output);
  return words === "" ? firstLine(error.message) : words;
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

/** Tools say last what ended them. */
function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
