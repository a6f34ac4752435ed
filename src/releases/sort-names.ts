/** Each name once, sorted: the order in which names are written must not make a new revision of a release. */
export function sortNames(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
