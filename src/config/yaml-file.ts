import { readFileSync } from "node:fs";
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLMap,
} from "yaml";
import { formatPath, type Origin, type Path } from "./layers.ts";
import type { Problem } from "./problem.ts";

export interface YamlFile {
  /** Null if the file is empty. */
  value: unknown;
  origin: Origin;
}

/** A YAML file's content and the places in it, or what keeps it from being read. `display` is the file's name in messages. */
export function readYamlFile(file: string, display: string): YamlFile | { problems: Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, "utf8"), { lineCounter: lines, merge: true, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${display}:${line}:${col}`;
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return { problems: broken.map(({ pos, message }) => ({ at: place(pos[0]), message: lowerFirst(message) })) };
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { problems: [{ at: display, message: lowerFirst(error.message) }] };
  }
  const origin: Origin = {
    at: (path, part) => place(offsetOf(document, path, part)),
    key: formatPath,
    written: (path) => {
      const node = findNode(document, path)?.node;
      return isScalar(node) ? node.source : undefined;
    },
  };
  return { value, origin };
}

interface Found {
  key: Node | undefined;
  node: Node | undefined;
}

/** Where the value or key stands; of what is missing, where its nearest parent stands. */
function offsetOf(document: Document.Parsed, path: Path, part: "key" | "value"): number {
  const found = findNode(document, path);
  if (found === undefined) return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1), "key");
  const [first, second] = part === "key" ? [found.key, found.node] : [found.node, found.key];
  return first?.range?.[0] ?? second?.range?.[0] ?? 0;
}

function findNode(document: Document.Parsed, path: Path): Found | undefined {
  let found: Found = { key: undefined, node: document.contents ?? undefined };
  for (const part of path) {
    const parent = resolved(document, found.node);
    const next =
      typeof part === "number" ? itemAt(parent, part) : isMap(parent) ? entryOf(document, parent, part) : undefined;
    if (next === undefined) return undefined;
    found = next;
  }
  return found;
}

function itemAt(parent: Node | undefined, index: number): Found | undefined {
  const node = isSeq(parent) ? parent.items[index] : undefined;
  return isNode(node) ? { key: undefined, node } : undefined;
}

function entryOf(document: Document.Parsed, map: YAMLMap, key: string): Found | undefined {
  for (const { key: keyNode, value } of map.items) {
    if (isScalar(keyNode) && String(keyNode.value) === key) {
      return { key: keyNode, node: isNode(value) ? value : undefined };
    }
  }
  for (const { key: keyNode, value } of map.items) {
    if (!isScalar(keyNode) || keyNode.source !== "<<" || !isNode(value)) continue;
    const source = resolved(document, value);
    for (const merged of isSeq(source) ? source.items : [source]) {
      const mergedMap = isNode(merged) ? resolved(document, merged) : undefined;
      const found = isMap(mergedMap) ? entryOf(document, mergedMap, key) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function resolved(document: Document.Parsed, node: Node | undefined): Node | undefined {
  return isAlias(node) ? node.resolve(document) : node;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
