import { formatPath, isGroup, type Layer } from "./layers.ts";
import { readLock } from "./lock-file.ts";
import { hubFileSchema } from "./schema.ts";

type Scalar = string | number | boolean;

/** What a hub.yaml must say; the defaults are the same whatever it is. */
const required = {
  aws: { region: "us-east-1" },
  domain: "hub.example.org",
  certificate: "auto",
  auth: { method: "shared-password", admins: ["admin"], allowAll: true },
  image: { repository: "example/image", tag: "1" },
};

/** Every setting that is one value and has a default in this hubctl, by its path. */
export function presentDefaults(): Record<string, Scalar> {
  const given = new Set(scalarsIn(required).map(([path]) => path));
  const all = scalarsIn(hubFileSchema.parse(required)).filter(
    ([path]) => !given.has(path) && !path.startsWith("auth."),
  );
  return Object.fromEntries(all);
}

/**
 * The defaults of the hubctl that installed first, where they were others: what nobody has set stays as it was made, and
 * a newer hubctl changes nothing by itself. The lowest of all layers.
 */
export function recordedDefaults(lockFile: string): Layer[] {
  const recorded = readLock(lockFile)?.defaults;
  if (recorded === undefined) return [];
  const present = presentDefaults();
  const origin = { at: () => lockFile, key: formatPath, written: () => undefined };
  return Object.entries(recorded)
    .filter(([path, value]) => Object.hasOwn(present, path) && present[path] !== value)
    .map(([path, value]) => ({
      value: path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value),
      isFile: false,
      origin,
    }));
}

function scalarsIn(value: unknown, path = ""): [string, Scalar][] {
  if (isGroup(value)) {
    return Object.entries(value).flatMap(([key, inner]) => scalarsIn(inner, path === "" ? key : `${path}.${key}`));
  }
  const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isScalar ? [[path, value]] : [];
}
