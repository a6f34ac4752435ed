type Values = Readonly<Record<string, unknown>>;

/**
 * Of a live object what its manifest speaks of, so that the two can be compared: the API server fills in defaults,
 * controllers add fields, and amounts are written in their shortest form.
 */
export function projectLive(asked: unknown, live: unknown): unknown {
  // Nothing that is asked for is nothing that could be missed; and Kubernetes leaves out what says no more than nothing.
  if (isEmpty(asked) || ((asked === 0 || asked === false) && live === undefined)) return asked;
  if (isGroup(asked)) {
    if (!isGroup(live)) return live;
    return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, projectLive(value, live[name])]));
  }
  if (Array.isArray(asked)) return Array.isArray(live) ? projectList(asked, live) : live;
  return isSameAmount(asked, live) ? asked : live;
}

function projectList(asked: readonly unknown[], live: readonly unknown[]): unknown {
  if (!asked.every(isGroup)) return live.map((item, index) => projectLive(asked[index] ?? item, item));
  const names = asked.map(({ name }) => name);
  const isNamed = names.every((name) => typeof name === "string") && new Set(names).size === names.length;
  if (!isNamed) return live.map((item, index) => (index < asked.length ? projectLive(asked[index], item) : item));
  return asked.flatMap((item) => {
    const found = live.find((candidate) => isGroup(candidate) && candidate["name"] === item["name"]);
    return found === undefined ? [] : [projectLive(item, found)];
  });
}

/** "1000m" is "1", and 1 as a number: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
function isSameAmount(asked: unknown, live: unknown): boolean {
  if (typeof asked === typeof live && typeof asked !== "string") return false;
  const [one, other] = [asked, live].map(readQuantity);
  return one !== undefined && one === other;
}

const scales: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function readQuantity(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(value)) ?? [];
  const scale = scales[unit];
  return amount === undefined || scale === undefined ? undefined : Math.round(Number(amount) * scale * 1000);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return Array.isArray(value) ? value.length === 0 : isGroup(value) && Object.keys(value).length === 0;
}

function isGroup(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
