type Values = Record<string, unknown>;

/**
 * As Helm merges values files: maps are merged, everything else is replaced. A null stays, and takes the chart's own
 * default away as well.
 */
export function mergeValues(base: Values, over: Values): Values {
  const merged: Values = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const before = Object.hasOwn(base, name) ? base[name] : undefined;
    merged[name] = isMap(before) && isMap(value) ? mergeValues(before, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
