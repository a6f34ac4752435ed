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
import type { Deployment } from "./deployment.ts";
import { displayPath, type Problem } from "./problem.ts";
import { methodOf, validateConfig, type Origin, type Path, type ReadResult } from "./validate.ts";

/** The certificate belongs to one account, so a file that is meant for several may leave it to the environment. */
const certificateVariables = ["HUBCTL_CERTIFICATE_ARN", "TF_VAR_aws_certificate_arn"];

interface FormOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** Reads and judges a hub.yaml. */
export function readHubYaml(deployment: Deployment, { cwd, env }: FormOptions): ReadResult {
  const file = displayPath(deployment.configFile, cwd);
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(deployment.configFile, "utf8"), {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
  });
  const offsets = new Map<string | undefined, number>();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    const at = `${file}:${line}:${col}`;
    offsets.set(at, offset);
    return at;
  };
  const unreadable = (problems: Problem[]): ReadResult => ({ problems, method: undefined, warnings: [] });

  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return unreadable(broken.map(({ pos, message }) => ({ at: place(pos[0]), message: lowerFirst(message) })));
  }
  let input: unknown;
  try {
    input = document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return unreadable([{ at: file, message: lowerFirst(error.message) }]);
  }
  if (input === null) return unreadable([{ at: file, message: "the file is empty" }]);

  const certificateVariable = document.has("certificate")
    ? undefined
    : certificateVariables.find((variable) => (env[variable] ?? "") !== "");
  const isCertificate = (path: Path) => path[0] === "certificate";
  const origin: Origin = {
    at: (path, part) =>
      isCertificate(path) && certificateVariable !== undefined ? undefined : place(offsetOf(document, path, part)),
    key: (path) => (isCertificate(path) ? certificateVariable : undefined) ?? formatPath(path),
    written: (path) => {
      const node = findNode(document, path)?.node;
      return isScalar(node) ? node.source : undefined;
    },
  };
  const whole =
    certificateVariable !== undefined && isMap(document.contents)
      ? { ...(input as object), certificate: env[certificateVariable] }
      : input;
  const { problems, ...validated } = validateConfig(deployment.name, whole, origin);
  const offsetAt = ({ at }: Problem) => offsets.get(at) ?? 0;
  problems.sort((a, b) => offsetAt(a) - offsetAt(b));
  const missing = problems.find(({ key, message }) => key === "certificate" && message === "is required");
  if (missing !== undefined) missing.message = `is required, here or as ${certificateVariables.join(" or ")}`;
  return { ...validated, problems, method: methodOf(input), warnings: [] };
}

function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
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
