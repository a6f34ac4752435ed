export type Path = readonly (string | number)[];

/** Ties a place in the configuration to where a person wrote it. */
export interface Origin {
  /** "file:line:column" of the value, else of what should hold it. For `part: "key"` of the key itself. */
  at(path: Path, part: "key" | "value"): string | undefined;
  /** What the person calls it. */
  key(path: Path): string;
  /** The value's own text, "1.30" for the number 1.3. */
  written(path: Path): string | undefined;
}

/** One of the places that settings come from. */
export interface Layer {
  value: unknown;
  origin: Origin;
  /** A file is where a person would add what is missing. */
  isFile: boolean;
}

type Group = Record<string, unknown>;

/** Settings of several layers as one, the highest first: groups are merged, lists and single values replaced. */
export function mergeLayers(layers: readonly Layer[]): { input: unknown; origin: Origin } {
  const input = layers.map(({ value }) => value).reduceRight((low, high) => mergeValues(low, high));
  /** Of what is missing, the one that holds the nearest thing around it. */
  const ownerOf = (path: Path): Origin | undefined => {
    const [holder] = holdersOf(layers, path);
    if (holder !== undefined) return holder.origin;
    for (let length = path.length - 1; length >= 0; length--) {
      const around = holdersOf(layers, path.slice(0, length));
      const nearest = around.find(({ isFile }) => isFile) ?? around[0];
      if (nearest !== undefined) return nearest.origin;
    }
    return undefined;
  };
  const origin: Origin = {
    at: (path, part) => ownerOf(path)?.at(path, part),
    key: (path) => ownerOf(path)?.key(path) ?? formatPath(path),
    written: (path) => ownerOf(path)?.written(path),
  };
  return { input, origin };
}

/** As Helm merges values: groups entry by entry, all else is replaced. */
export function mergeValues(low: Group, high: Group): Group;
export function mergeValues(low: unknown, high: unknown): unknown;
export function mergeValues(low: unknown, high: unknown): unknown {
  if (high === undefined) return low;
  if (!isGroup(low) || !isGroup(high)) return high;
  const keys = [...new Set([...Object.keys(low), ...Object.keys(high)])];
  return Object.fromEntries(keys.map((key) => [key, mergeValues(entryOf(low, key), entryOf(high, key))]));
}

/** The layers that make up what is at the path, the highest first. */
function holdersOf(layers: readonly Layer[], path: Path): Layer[] {
  let holders = layers
    .map((layer) => ({ layer, value: layer.value }))
    .filter(({ value }) => value !== undefined && value !== null);
  for (const part of path) {
    const firstOther = holders.findIndex(({ value }) => !isGroup(value));
    const visible = firstOther === -1 ? holders : holders.slice(0, Math.max(1, firstOther));
    holders = visible
      .map(({ layer, value }) => ({ layer, value: entryOf(value, part) }))
      .filter(({ value }) => value !== undefined);
  }
  return holders.map(({ layer }) => layer);
}

function entryOf(value: unknown, part: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
  return (value as Record<string | number, unknown>)[part];
}

export function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(entryOf, input);
}

/** "profiles[0].name" */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}
