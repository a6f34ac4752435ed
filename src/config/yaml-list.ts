import { isDeepStrictEqual } from "node:util";
import {
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  stringify,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

/** A text that is not the YAML it should be, or can't be edited without touching something else. */
export class YamlTextError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = "YamlTextError";
    this.line = line;
  }
}

export type ListPath = readonly (string | number)[];

export interface ParsedYaml {
  value: unknown;
  /** Of the node at a path, or of its nearest parent that is there; the first line is 1. */
  lineOf(path: ListPath): number;
}

/** The value of a text; throws a YamlTextError at the first thing that is wrong with it. */
export function parseYaml(text: string): ParsedYaml {
  const { document, lines } = parseText(text);
  return {
    value: valueOf(document),
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const start = nodeAt(document, path.slice(0, length))?.range?.[0];
        if (start !== undefined) return lines.linePos(start).line;
      }
      return 1;
    },
  };
}

/**
 * Adds an item to the end of the list at `path`; a list that is missing or empty is begun. Nothing else in the text
 * changes by a byte: the `yaml` package finds the places, but would write comments, quotes and indents its own way.
 */
export function appendItem(text: string, path: ListPath, item: unknown): string {
  const { document } = parseText(text);
  const node = nodeAt(document, path);
  const edited =
    isSeq(node) && node.items.length > 0 ? afterLast(text, node, item) : beginList(text, document, path, item);
  return checked(text, edited, path, (list) => [...list, item]);
}

export function removeItem(text: string, path: ListPath, index: number): string {
  const { seq } = listAt(text, path);
  const without = seq.flow === true ? withoutFlowItem(text, seq, index) : splice(text, linesOf(text, seq, index), "");
  return checked(text, without, path, (list) => list.filter((_, other) => other !== index));
}

export function replaceItem(text: string, path: ListPath, index: number, item: unknown): string {
  const { seq } = listAt(text, path);
  const edited =
    seq.flow === true
      ? splice(text, rangeOf(seq.items[index] as Node), JSON.stringify(item))
      : splice(text, linesOf(text, seq, index), blockItem(indentOf(text, seq), item));
  return checked(text, edited, path, (list) => list.map((other, at) => (at === index ? item : other)));
}

/** What is written must say what was wanted, and what else was there must say what it said. */
function checked(
  before: string,
  after: string,
  path: ListPath,
  change: (list: readonly unknown[]) => unknown[],
): string {
  const wanted = withChangedList(parseYaml(before).value, path, change);
  let written: unknown;
  try {
    written = parseYaml(after).value;
  } catch (error) {
    if (!(error instanceof YamlTextError)) throw error;
  }
  if (isDeepStrictEqual(dropEmpty(written), dropEmpty(wanted))) return after;
  throw new YamlTextError(parseYaml(before).lineOf(path), "this can't be edited without changing something else in it");
}

/** A list whose last item went is no value at all, which says the same. */
function dropEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(dropEmpty);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, dropEmpty(inner)]));
}

function withChangedList(
  value: unknown,
  [key, ...rest]: ListPath,
  change: (list: readonly unknown[]) => unknown[],
): unknown {
  if (key === undefined) return change(Array.isArray(value) ? value : []);
  if (Array.isArray(value))
    return value.map((inner: unknown, index) => (index === key ? withChangedList(inner, rest, change) : inner));
  const map = (value ?? {}) as Record<string, unknown>;
  return { ...map, [key]: withChangedList(map[key], rest, change) };
}

function parseText(text: string): { document: Document.Parsed; lines: LineCounter } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    keepSourceTokens: true,
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new YamlTextError(lines.linePos(problem.pos[0]).line, problem.message);
  return { document, lines };
}

function valueOf(document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // An alias without an anchor.
    if (error instanceof ReferenceError) throw new YamlTextError(1, error.message);
    throw error;
  }
}

function nodeAt(document: Document.Parsed, path: ListPath): Node | undefined {
  const node = path.length === 0 ? document.contents : (document.getIn(path, true) as Node | null | undefined);
  return node ?? undefined;
}

function listAt(text: string, path: ListPath): { seq: YAMLSeq } {
  const node = nodeAt(parseText(text).document, path);
  if (isSeq(node)) return { seq: node };
  throw new YamlTextError(parseYaml(text).lineOf(path), "there is no list here");
}

function afterLast(text: string, seq: YAMLSeq, item: unknown): string {
  const last = seq.items.at(-1) as Node;
  if (seq.flow === true) return splice(text, [rangeOf(last)[1], rangeOf(last)[1]], `, ${JSON.stringify(item)}`);
  return insertLines(text, endOfLines(text, last), blockItem(indentOf(text, seq), item));
}

/** At `path` stands nothing, null, an empty text or an empty list. */
function beginList(text: string, document: Document.Parsed, path: ListPath, item: unknown): string {
  const node = nodeAt(document, path);
  const isNothing = node === undefined || (isScalar(node) && (node.value === null || node.value === ""));
  if (!isNothing && !isSeq(node)) {
    throw new YamlTextError(parseYaml(text).lineOf(path), "there is something else than a list here");
  }
  const [start, end] = node === undefined ? [0, 0] : rangeOf(node);
  const written = text.slice(start, end);
  if (isSeq(node) && !/^\[\s*\]$/.test(written)) return splice(text, [end - 1, end - 1], `${JSON.stringify(item)} `);
  const key = path.at(-1);
  const rest = splice(text, [start, end], "");
  if (key === undefined) return insertLines(rest.trim() === "" ? "" : rest, rest.length, blockItem("", item));
  const parent = nodeAt(document, path.slice(0, -1));
  const list = [item];
  if (parent === undefined) return insertLines(text, text.length, stringify({ [key]: list }, { lineWidth: 0 }));
  if (!isMap(parent)) throw new YamlTextError(parseYaml(text).lineOf(path), "there is no map here");
  const pair = parent.items.find((one) => isScalar(one.key) && one.key.value === key);
  if (pair === undefined) return insertPair(text, parent, String(key), list);
  if (parent.flow === true) return splice(text, [start, end], ` ${JSON.stringify(list)}`);
  const indent = columnOf(text, rangeOf(pair.key as Node)[0]);
  return insertLines(
    rest,
    endOfLine(rest, start === 0 ? rangeOf(pair.key as Node)[1] : start),
    blockItem(indent, item),
  );
}

function insertPair(text: string, map: YAMLMap, key: string, list: unknown[]): string {
  const last = map.items.at(-1) as Pair<Node, Node | null> | undefined;
  if (map.flow === true || last === undefined) {
    const comma = last === undefined ? "" : ", ";
    const at = last === undefined ? rangeOf(map)[1] - 1 : rangeOf(last.value ?? last.key)[1];
    return splice(text, [at, at], `${comma}${JSON.stringify(key)}: ${JSON.stringify(list)}`);
  }
  const indent = columnOf(text, rangeOf((map.items[0] as Pair<Node>).key)[0]);
  const lines = `${indent}${key}:\n${list.map((item) => blockItem(indent, item)).join("")}`;
  return insertLines(text, endOfLines(text, last.value ?? last.key), lines);
}

function withoutFlowItem(text: string, seq: YAMLSeq, index: number): string {
  const token = seq.srcToken;
  const items = token?.type === "flow-collection" ? token.items : [];
  const comma = items[index === 0 ? 1 : index]?.start.find(({ type }) => type === "comma");
  const range = rangeOf(seq.items[index] as Node);
  if (comma === undefined) return splice(text, range, "");
  const commaRange: Range = [comma.offset, comma.offset + 1];
  const [first, second] = index === 0 ? [range, commaRange] : [commaRange, range];
  return splice(splice(text, second, ""), first, "");
}

type Range = readonly [start: number, end: number];

function splice(text: string, [start, end]: Range, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(end);
}

/** Inserts whole lines at the beginning of a line, or at the end of the text. */
function insertLines(text: string, at: number, lines: string): string {
  const newLine = text.includes("\r\n") ? "\r\n" : "\n";
  const before = text.slice(0, at);
  const isBroken = before !== "" && !before.endsWith("\n");
  return `${before}${isBroken ? newLine : ""}${lines.replaceAll("\n", newLine)}${text.slice(at)}`;
}

/** The lines of a block item, from its dash to the end of its value; comments below it are not its own. */
function linesOf(text: string, seq: YAMLSeq, index: number): Range {
  const token = seq.srcToken;
  const dashes = (token?.type === "block-seq" ? token.items : []).flatMap(({ start }) =>
    start.filter(({ type }) => type === "seq-item-ind"),
  );
  const dash = dashes[index]?.offset;
  const node = seq.items[index] as Node | undefined;
  if (dash === undefined || node === undefined) throw new RangeError(`the list has no item ${index}`);
  const start = text.lastIndexOf("\n", dash - 1) + 1;
  return [start, Math.max(endOfLines(text, node), endOfLine(text, dash))];
}

/** Behind the last line that a node takes. */
function endOfLines(text: string, node: Node): number {
  const end = lastValueEnd(node);
  return text[end - 1] === "\n" ? end : endOfLine(text, end);
}

/** A collection's own range goes on over comments that follow it. */
function lastValueEnd(node: Node): number {
  if (!isCollection(node) || node.flow === true) return rangeOf(node)[1];
  const last: unknown = node.items.at(-1);
  const inner = isMap(node) ? ((last as Pair<Node, Node | null>).value ?? (last as Pair<Node>).key) : (last as Node);
  return lastValueEnd(inner);
}

function endOfLine(text: string, position: number): number {
  const newLine = text.indexOf("\n", position);
  return newLine < 0 ? text.length : newLine + 1;
}

function rangeOf(node: Node): Range {
  const [start, end] = node.range ?? [0, 0];
  return [start, end];
}

function indentOf(text: string, seq: YAMLSeq): string {
  return columnOf(text, rangeOf(seq)[0]);
}

/** As many spaces as stand before a place in its line; a dash before it counts as space. */
function columnOf(text: string, offset: number): string {
  return " ".repeat(offset - (text.lastIndexOf("\n", offset - 1) + 1));
}

function blockItem(indent: string, item: unknown): string {
  const [first = "", ...rest] = stringify(item, { lineWidth: 0 }).trimEnd().split("\n");
  return [`${indent}- ${first}`, ...rest.map((line) => `${indent}  ${line}`), ""].join("\n");
}
