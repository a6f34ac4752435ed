import { parse } from "yaml";
import type { AttributeChange, Drift, ObjectChange } from "../engine/object-change.ts";
import { diffValues } from "./diff-values.ts";
import { looksSecret, secretName } from "./looks-secret.ts";
import { addressOf, isKept, keyOf, type ManifestObject } from "./manifest.ts";
import { projectLive } from "./project-live.ts";

/** What an upgrade of a release does to its objects. `anew`: addresses of what can't be changed and is made again. */
export function diffManifests(
  current: readonly ManifestObject[],
  wanted: readonly ManifestObject[],
  anew: readonly string[] = [],
): ObjectChange[] {
  const before = byKey(current);
  const after = byKey(wanted);
  const created = wanted.filter((object) => !before.has(keyOf(object))).map((object) => changeOf("create", object));
  const kept = current.flatMap((object) => {
    const successor = after.get(keyOf(object));
    if (!successor) return isKept(object) ? [] : [changeOf("delete", object)];
    const attributes = diffObjects(object, successor);
    const isAnew = anew.includes(addressOf(object));
    if (attributes.length === 0 && !isAnew) return [];
    return [changeOf(isAnew ? "replace" : "change", object, attributes)];
  });
  return [...created, ...kept];
}

/** What of a release's objects is not as Helm last asked for it. What is there beyond that is nobody's drift. */
export function diffWithLive(manifest: readonly ManifestObject[], live: readonly ManifestObject[]): Drift[] {
  const present = byKey(live);
  return manifest.flatMap((object): Drift[] => {
    const found = present.get(keyOf(object));
    const common = { type: object.kind, what: addressOf(object), isPutBack: false };
    if (!found) return removesItself(object) ? [] : [{ ...common, kind: "gone", attributes: [] }];
    const asked = withPlainData(object);
    const attributes = diffObjects(asked, projectLive(asked, withPlainData(found)) as ManifestObject);
    return attributes.length === 0 ? [] : [{ ...common, kind: "changed", attributes }];
  });
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/ */
function removesItself({ kind, ...object }: ManifestObject): boolean {
  const spec = object["spec"] as { ttlSecondsAfterFinished?: number } | undefined;
  return kind === "Job" && spec?.ttlSecondsAfterFinished !== undefined;
}

function changeOf(
  action: ObjectChange["action"],
  object: ManifestObject,
  attributes: AttributeChange[] = [],
): ObjectChange {
  return { action, type: object.kind, what: addressOf(object), attributes, forcedBy: [] };
}

function byKey(objects: readonly ManifestObject[]): Map<string, ManifestObject> {
  return new Map(objects.map((object) => [keyOf(object), object]));
}

/** Every object tells of its chart's version; that alone is no change of what the object does. */
const versionLabels = ["helm.sh/chart", "app.kubernetes.io/version", "chart"].map((name) => `metadata.labels.${name}`);

function diffObjects(before: ManifestObject, after: ManifestObject): AttributeChange[] {
  const changed = before.kind === "Secret" ? diffSecrets(before, after) : diffPlain(before, after);
  return changed.filter(({ path }) => !versionLabels.includes(path));
}

function diffPlain(before: ManifestObject, after: ManifestObject): AttributeChange[] {
  return diffValues(before, after).map((attribute) =>
    looksSecret(before.kind, attribute) ? { path: attribute.path, isSecret: true } : attribute,
  );
}

/**
 * Of a secret only names are told, and such values as nobody keeps secret: the hub's whole configuration lies in one.
 * What a chart generates it looks up in the cluster, so it is the same again.
 */
function diffSecrets(before: ManifestObject, after: ManifestObject): AttributeChange[] {
  const plain = (object: ManifestObject) => ({ ...withPlainData(object), stringData: undefined });
  return diffValues(readDocuments(plain(before)), readDocuments(plain(after))).map((attribute) =>
    !attribute.path.startsWith("data.") || isHarmless(attribute) ? attribute : { path: attribute.path, isSecret: true },
  );
}

/** https://z2jh.jupyter.org/en/stable/resources/reference.html: settings of the hub's chart that hold no secrets. */
const harmless = /^data\.values\.yaml\.(cull|singleuser\.(image|cpu|memory|defaultUrl|startTimeout))\b/;
/** The chart's own settings; what operators add to them has names that tell nothing, and a number there may be a PIN. */
const ofChart = /^data\.values\.yaml\.(?!custom\.|singleuser\.extra|hub\.(config|extra|services))/;

function isHarmless({ path, before, after }: AttributeChange): boolean {
  if (harmless.test(path)) return true;
  const isPlain = (value: unknown) =>
    value === undefined || typeof value === "boolean" || (typeof value === "number" && ofChart.test(path));
  return isPlain(before) && isPlain(after) && !secretName.test(path);
}

/** A secret's content under `data`, decoded, wherever its author wrote it. */
function withPlainData(object: ManifestObject): ManifestObject {
  if (object.kind !== "Secret") return object;
  const { data, stringData, ...rest } = object as ManifestObject & {
    data?: Record<string, string> | null;
    stringData?: Record<string, string> | null;
  };
  const decoded = Object.entries(data ?? {}).map(([name, value]) => [name, Buffer.from(value, "base64").toString()]);
  return { ...rest, data: { ...Object.fromEntries(decoded), ...stringData } };
}

function readDocuments(secret: ManifestObject): ManifestObject {
  const data = secret["data"] as Record<string, string>;
  const read = Object.entries(data).map(([name, text]) => [name, readDocument(name, text)]);
  return { ...secret, data: Object.fromEntries(read) as Record<string, unknown> };
}

function readDocument(name: string, text: string): unknown {
  if (!/\.(ya?ml|json)$/.test(name)) return text;
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}
