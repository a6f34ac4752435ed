import { countOf, layerNames, type Health, type LayerHealth, type LayerState } from "./layer.ts";

export interface TextOptions {
  columns: number;
  style: (style: "green" | "yellow" | "red" | "cyan" | "dim" | "bold", text: string) => string;
  /** What kubectl and Helm are to be told before the commands that are proposed work. */
  kubeconfigHint: string;
}

const colors = { ok: "green", warning: "yellow", problem: "red", unknown: "cyan" } as const;
const stateWidth = Math.max(...Object.keys(colors).map(({ length }) => length));
const layerWidth = Math.max(...layerNames.map(({ length }) => length));
const gap = "  ";
const findingIndent = " ".repeat(stateWidth + layerWidth + 2 * gap.length);
const todoIndent = " ".repeat(stateWidth + gap.length);
const widest = 100;

/** One line for each layer, with what to do below it, and the sum at the end. */
export function formatHealth(health: Health, options: TextOptions): string[] {
  const { layers } = health;
  const needsKubeconfig = layers.some(({ todo }) => todo !== undefined && /\b(kubectl|helm) /.test(todo));
  return [
    ...layers.flatMap((layer) => formatLayer(layer, options)),
    ...(needsKubeconfig ? [options.style("dim", `for kubectl and helm: ${options.kubeconfigHint}`)] : []),
    formatSum(health, options),
  ];
}

function formatLayer({ layer, state, finding, todo }: LayerHealth, { columns, style }: TextOptions): string[] {
  const width = Math.min(columns, widest);
  const [first = "", ...rest] = wrapWords(finding, width - findingIndent.length);
  const head = `${style(colors[state], state.padEnd(stateWidth))}${gap}${layer.padEnd(layerWidth)}${gap}${first}`;
  const lines = [head, ...rest.map((line) => findingIndent + line)];
  if (todo === undefined) return lines;
  const [start = "", ...more] = isCommand(todo) ? [todo] : wrapWords(todo, width - todoIndent.length - 2);
  return [...lines, `${todoIndent}${style("cyan", "→")} ${start}`, ...more.map((line) => `${todoIndent}  ${line}`)];
}

function formatSum({ deployment, checked, layers }: Health, { style }: TextOptions): string {
  const count = (state: LayerState) => layers.filter((layer) => layer.state === state).length;
  const sums = [
    [count("problem"), countOf(count("problem"), "problem")],
    [count("warning"), countOf(count("warning"), "warning")],
    [count("unknown"), `${count("unknown")} unknown`],
    [count("ok"), `${count("ok")} ok`],
  ] as const;
  const told = sums.flatMap(([number, text]) => (number === 0 ? [] : [text])).join(", ");
  return `${style("bold", `${deployment}: ${told}`)}, ${checked.slice(0, 19).replace("T", " ")} UTC`;
}

/** Whoever copies a command must get it in one piece, even if that is longer than the line. */
function isCommand(todo: string): boolean {
  return /\b(hubctl|kubectl|helm|aws|terraform) /.test(todo);
}

function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
