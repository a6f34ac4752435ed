import { isScalar, parseDocument } from "yaml";
import { formatPath, type Layer, type Path } from "./layers.ts";
import type { Problem } from "./problem.ts";

/** What `--set path=value` says, as layers: the last one is the highest and thus the first. Values are YAML. */
export function readSetOptions(options: readonly string[]): { layers: Layer[]; problems: Problem[] } {
  const layers: Layer[] = [];
  const problems: Problem[] = [];
  for (const option of options) {
    const at = `--set ${option}`;
    const read = readSetOption(option);
    if ("message" in read) problems.push({ at, message: read.message });
    else layers.unshift(layerOf(at, read.path, read.value, read.written));
  }
  return { layers, problems };
}

interface SetOption {
  path: string[];
  value: unknown;
  written: string | undefined;
}

function readSetOption(option: string): SetOption | { message: string } {
  const [, names, text] = /^([^=]*)=(.*)$/s.exec(option) ?? [];
  if (names === undefined || text === undefined) return { message: "must be path=value, like network.internal=true" };
  const path = names.split(".");
  if (path.includes("")) return { message: `"${names}" is not the path of a setting like network.internal` };
  if (/[[\]]/.test(names)) {
    return { message: `a list can be set as a whole only, like 'auth.admins=[ada, grace]'` };
  }
  const document = parseDocument(text, { prettyErrors: false });
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) return { message: `the value is not YAML: ${broken.message}` };
  const { contents } = document;
  return { path, value: document.toJS() as unknown, written: isScalar(contents) ? contents.source : undefined };
}

function layerOf(at: string, path: Path, value: unknown, written: string | undefined): Layer {
  return {
    value: path.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value),
    isFile: false,
    origin: {
      at: () => at,
      key: formatPath,
      written: (asked) => (asked.length === path.length ? written : undefined),
    },
  };
}
