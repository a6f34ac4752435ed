import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { knownVariables } from "../../../src/config/dandihub-variables.ts";
import { hubFileSchema } from "../../../src/config/schema.ts";
import { knownPaths } from "../../../src/config/validate.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/configuration.md"), "utf8");
const smallest = /```yaml\n([^`]*)```/.exec(page)?.[1] ?? "";

/** The rows of the page's tables, by the code in their first cell. */
const rows = new Map(
  [...page.matchAll(/^\| `([^`]+)` *\|([^|]*)\|/gm)].map(([, name, second]) => [name ?? "", (second ?? "").trim()]),
);

/** Settings that hold no others. */
const leaves = knownPaths().filter((path, _, all) => !all.some((other) => other.startsWith(`${path}.`)));

const show = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(String).join(", ")}]`;
  return typeof value === "string" ? value : JSON.stringify(value);
};

describe("docs/configuration.md", () => {
  it("shows a smallest hub.yaml that is accepted, and from which nothing can be left out", () => {
    const file = parse(smallest) as Record<string, unknown>;
    expect(hubFileSchema.safeParse(file).error).toBeUndefined();
    for (const key of Object.keys(file)) {
      expect(hubFileSchema.safeParse({ ...file, [key]: undefined }).success, key).toBe(false);
    }
  });

  it("calls required what can't be left out", () => {
    const required = leaves.filter((path) => rows.get(path) === "required");
    const isFineWithout = (path: string) => {
      const document = parseDocument(smallest);
      expect(document.deleteIn(path.split(".")), path).toBe(true);
      return hubFileSchema.safeParse(document.toJS()).success;
    };
    expect(required.filter(isFineWithout)).toEqual([]);
    expect(required).toHaveLength(6);
  });

  it("tells each setting's default as it is", () => {
    const { data } = hubFileSchema.safeParse({
      ...(parse(smallest) as object),
      auth: { admins: ["ada"] },
    });
    const documented = Object.fromEntries(leaves.map((path) => [path, rows.get(path)]));
    const actual = Object.fromEntries(
      leaves.map((path) => {
        const value = path.split(".").reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], data);
        const isRequired = rows.get(path) === "required";
        return [path, isRequired ? "required" : value === undefined ? "" : `\`${show(value)}\``];
      }),
    );
    // "newest" is no value, but what the first install finds.
    expect({ ...documented, "cluster.kubernetesVersion": "" }).toEqual(actual);
  });

  it("names no setting that is unknown", () => {
    const named = [...rows.keys()].filter(
      (name) => /^[a-z]+[A-Za-z]*(\.[A-Za-z]+)+$/.test(name) && !name.endsWith(".yaml"),
    );
    expect(named.filter((name) => !leaves.includes(name))).toEqual([]);
  });

  it("lists each variable of the Dandihub form with its place in a hub.yaml", () => {
    for (const [name, variable] of Object.entries(knownVariables)) {
      const places = "path" in variable ? [`\`${variable.path.join(".")}\``] : ["", "`auth.method`"];
      expect(places, name).toContain(rows.get(name));
    }
  });
});
