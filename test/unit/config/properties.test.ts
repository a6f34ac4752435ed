import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineCounter, parseDocument, stringify as stringifyYaml, type Pair, type Scalar, visit } from "yaml";
import { formatProblem } from "../../../src/config/problem.ts";
import { anyHubConfig, anyHubFile } from "../../helpers/any-hub-file.ts";
import { hubFolder } from "./hub-folder.ts";

const { read } = hubFolder();

/** Generated parts are shared objects, which would become anchors and aliases. */
const stringify = (value: unknown) => stringifyYaml(value, { aliasDuplicateObjects: false });

/** The paths of all keys that are not a person's own, like the names of tags. */
function settingPaths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [];
  const last = path.at(-1);
  if (last === "tags" || last === "environment") return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return [...(Array.isArray(value) ? [] : [here]), ...settingPaths(child, here)];
  });
}

const fileAndPath = anyHubFile.chain((file) =>
  fc.record({ file: fc.constant(file), path: fc.constantFrom(...settingPaths(file)) }),
);

/** Where the key stands in the text, as "line:column". */
function placeOf(source: string, path: (string | number)[]): { key: string; value: string } {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  let found: Pair<Scalar, Scalar> | undefined;
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  visit(parent as never, {
    Pair: (_, pair) => {
      const candidate = pair as Pair<Scalar, Scalar>;
      if (candidate.key.value === path.at(-1)) found = candidate;
      return found === undefined ? visit.SKIP : visit.BREAK;
    },
  });
  const format = (offset = 0) => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  return { key: format(found?.key.range?.[0]), value: format(found?.value?.range?.[0]) };
}

describe("any hub.yaml that is fine", { timeout: 30_000 }, () => {
  it("is accepted, and is the same after a second reading", () => {
    fc.assert(
      fc.property(anyHubFile, (file) => {
        const first = read(stringify(file));
        expect(first.problems.map(formatProblem)).toEqual([]);
        const { hub, name, ...rest } = first.config!;
        const { values, extraConfig, ...hubSettings } = hub;
        expect([name, values, extraConfig]).toEqual(["field", {}, {}]);
        const { vpc, existingVpc, ...network } = rest.network;
        const written = { ...network, ...(existingVpc === undefined ? { vpc } : { existingVpc }) };
        const second = read(stringify({ ...rest, network: written, hub: hubSettings }));
        expect(second.config).toEqual(first.config);
      }),
      { numRuns: 50 },
    );
  });

  it("has no entry that is undefined, so that it can be written as JSON", () => {
    fc.assert(
      fc.property(anyHubConfig, (config) => {
        expect(config).toStrictEqual(JSON.parse(JSON.stringify(config)));
      }),
      { numRuns: 50 },
    );
  });

  it("is refused if any key is misspelt, at that key's place", () => {
    fc.assert(
      fc.property(fileAndPath, ({ file, path }) => {
        const key = String(path.at(-1));
        const document = parseDocument(stringify(file));
        const value: unknown = document.getIn(path, true);
        document.deleteIn(path);
        document.setIn([...path.slice(0, -1), `${key}Qx`], value);
        const source = document.toString();
        const place = placeOf(source, [...path.slice(0, -1), `${key}Qx`]);
        const { config, problems } = read(source);
        expect(config).toBeUndefined();
        const said = problems.map(formatProblem);
        const here = said.find(
          (text) => text.startsWith(`hub.yaml:${place.key}: `) && text.includes(`${key}Qx is unknown`),
        );
        expect(here, said.join("\n")).toBeDefined();
      }),
      { numRuns: 50 },
    );
  });

  it("is refused if any value is something else, at that value's place", () => {
    fc.assert(
      fc.property(fileAndPath, ({ file, path }) => {
        const document = parseDocument(stringify(file));
        document.setIn(path, typeof document.getIn(path) === "boolean" ? "neither" : true);
        const source = document.toString();
        const { config, problems } = read(source);
        expect(config).toBeUndefined();
        const line = placeOf(source, path).value;
        const said = problems.map(formatProblem);
        expect(
          said.some((text) => text.startsWith(`hub.yaml:${line}: `)),
          `${line}\n${said.join("\n")}`,
        ).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
