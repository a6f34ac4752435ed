import { isDeepStrictEqual } from "node:util";
import type { AttributeChange } from "../engine/object-change.ts";

/** Terraform's masks have the shape of the values that they speak of; `true` stands for all that is below. */
export interface Masks {
  secretBefore?: unknown;
  secretAfter?: unknown;
  /** What is known only after the change. */
  unknown?: unknown;
}

type Values = Readonly<Record<string, unknown>>;

/** All attributes that differ, each as deep as it goes; what is empty on both sides is the same. */
export function diffValues(before: unknown, after: unknown, masks: Masks = {}, path = ""): AttributeChange[] {
  if (masks.secretBefore === true || masks.secretAfter === true) {
    const isSame = masks.unknown !== true && areEqual(before, after);
    return isSame ? [] : [{ path, isSecret: true }];
  }
  if (masks.unknown === true) return [{ path, ...(isNothing(before) ? {} : { before }), isUnknown: true }];
  const parts = partsOf(before, after, masks);
  if (parts) {
    return parts.flatMap(({ name, was, is, masks: inner }) => diffValues(was, is, inner, join(path, name)));
  }
  // What is shown as a whole is as secret, and as little known, as any part of it.
  const isUnknown = marksAny(masks.unknown);
  if (!isUnknown && areEqual(before, after)) return [];
  if (marksAny(masks.secretBefore) || marksAny(masks.secretAfter)) return [{ path, isSecret: true }];
  const was = isNothing(before) ? {} : { before };
  return [isUnknown ? { path, ...was, isUnknown } : { path, ...was, ...(isNothing(after) ? {} : { after }) }];
}

function marksAny(mask: unknown): boolean {
  return mask === true || (typeof mask === "object" && mask !== null && Object.values(mask).some(marksAny));
}

interface Part {
  /** "name", "0" or "[name]" */
  name: string;
  was: unknown;
  is: unknown;
  masks: Masks;
}

/** Undefined for what is shown as a whole. */
function partsOf(before: unknown, after: unknown, masks: Masks): Part[] | undefined {
  const sides = [before, after].filter((side) => !isNothing(side));
  if (sides.every(isGroup) && (sides.length > 0 || isGroup(masks.unknown))) {
    return partsOfGroups(before, after, masks);
  }
  if (sides.length === 0) return undefined;
  if (sides.every((side) => Array.isArray(side) && side.every(isGroup))) return partsOfLists(before, after, masks);
  const documents = [parseDocument(before), parseDocument(after)];
  if (documents.every((document) => document !== undefined)) return partsOf(documents[0], documents[1], {});
  return undefined;
}

function partsOfGroups(before: unknown, after: unknown, masks: Masks): Part[] {
  const [was, is] = [before, after].map((side) => (isGroup(side) ? side : {}));
  const unknown = isGroup(masks.unknown) ? masks.unknown : {};
  const names = new Set([was, is, unknown].flatMap((side) => Object.keys(side ?? {})));
  return [...names].sort().map((name) => ({ name, was: was?.[name], is: is?.[name], masks: masksOf(masks, name) }));
}

function partsOfLists(before: unknown, after: unknown, masks: Masks): Part[] {
  const [was = [], is = []] = [before, after].map((side) => (Array.isArray(side) ? (side as Values[]) : []));
  // Masks go by position.
  const isMasked = Object.values(masks).some((mask) => mask !== undefined);
  if (!isMasked && areNamed(was) && areNamed(is)) {
    const names = new Set([...was, ...is].map(({ name }) => name as string));
    const find = (list: readonly Values[], wanted: string) => list.find(({ name }) => name === wanted);
    return [...names].map((name) => ({ name: `[${name}]`, was: find(was, name), is: find(is, name), masks: {} }));
  }
  const length = Math.max(was.length, is.length);
  return Array.from({ length }, (_, index) => ({
    name: String(index),
    was: was[index],
    is: is[index],
    masks: masksOf(masks, String(index)),
  }));
}

function areNamed(list: readonly Values[]): boolean {
  const names = list.map(({ name }) => name);
  return names.every((name) => typeof name === "string") && new Set(names).size === names.length;
}

function masksOf(masks: Masks, name: string): Masks {
  const inner = (mask: unknown): unknown => {
    if (mask === true) return true;
    return typeof mask === "object" && mask !== null ? (mask as Values)[name] : undefined;
  };
  return {
    secretBefore: inner(masks.secretBefore),
    secretAfter: inner(masks.secretAfter),
    unknown: inner(masks.unknown),
  };
}

/** AWS' policies and the like: the document in a text, in which a word may have changed. */
function parseDocument(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[{[]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function areEqual(before: unknown, after: unknown): boolean {
  return (isNothing(before) && isNothing(after)) || isDeepStrictEqual(before, after);
}

/** Terraform, AWS and Kubernetes give back one for the other. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isGroup(value) && Object.keys(value).length === 0;
}

function isGroup(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return path === "" || name.startsWith("[") ? `${path}${name}` : `${path}.${name}`;
}
