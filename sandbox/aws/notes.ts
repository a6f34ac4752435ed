/** What overrides remember beside moto: maps by name, which outlive the front in a snapshot. */
export class Notes {
  readonly #maps: Map<string, Map<string, string>>;

  constructor(kept: KeptNotes = {}) {
    this.#maps = new Map(Object.entries(kept).map(([name, entries]) => [name, new Map(Object.entries(entries))]));
  }

  map(name: string): Map<string, string> {
    const map = this.#maps.get(name) ?? new Map<string, string>();
    this.#maps.set(name, map);
    return map;
  }

  keep(): KeptNotes {
    return Object.fromEntries([...this.#maps].map(([name, map]) => [name, Object.fromEntries(map)]));
  }
}

export type KeptNotes = Record<string, Record<string, string>>;
