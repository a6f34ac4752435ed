import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { editorSchema, withSettings } from "../../../docs/reference.ts";
import { knownVariables } from "../../../src/config/dandihub-variables.ts";
import { knownSettings } from "../../../src/config/known-settings.ts";
import { hubFileSchema } from "../../../src/config/schema.ts";
import { secretVariables } from "../../../src/config/secrets.ts";

const pageFile = join(import.meta.dirname, "../../../docs/configuration.md");
const schemaFile = join(import.meta.dirname, "../../../hub.schema.json");
const page = readFileSync(pageFile, "utf8");
const editor = readFileSync(schemaFile, "utf8");
const smallest = parse(/```yaml\n([^`]*)```/.exec(page)?.[1] ?? "") as Record<string, unknown>;

const formatted = async (text: string, file: string) =>
  format(text, { ...(await resolveConfig(file)), filepath: file });

/** The rows of the page's tables, by the code in their first cell. */
const rows = new Map(
  [...page.matchAll(/^\| `([^`]+)` *\|([^|]*)\|/gm)].map(([, name, second]) => [name ?? "", (second ?? "").trim()]),
);

describe("docs/configuration.md", () => {
  it("has the settings as they are; else run: npm run docs", async () => {
    expect(await formatted(withSettings(page), pageFile)).toBe(page);
  });

  it("tells of every setting what it means", () => {
    for (const { path, schema, key } of knownSettings()) {
      if (key !== "method") expect(schema.description, path).toMatch(/^\S.*[^.\s]$/);
      if (schema.properties === undefined && path.includes(".")) expect([...rows.keys()]).toContain(path);
    }
  });

  it("shows a smallest hub.yaml that is accepted, and from which nothing can be left out", () => {
    expect(hubFileSchema.safeParse(smallest).error).toBeUndefined();
    for (const key of Object.keys(smallest)) {
      expect(hubFileSchema.safeParse({ ...smallest, [key]: undefined }).success, key).toBe(false);
    }
  });

  it("lists each variable of the Dandihub form with its place in a hub.yaml", () => {
    for (const [name, variable] of Object.entries(knownVariables)) {
      const places = "path" in variable ? [`\`${variable.path.join(".")}\``] : ["", "`auth.method`"];
      expect(places, name).toContain(rows.get(name));
    }
  });

  it("names every variable that a secret may come from", () => {
    for (const method of ["github", "ldap", "generic-oauth", "shared-password"] as const) {
      for (const variable of Object.values(secretVariables(method, "hub.yaml")).flat()) {
        expect(page).toContain(`\`${variable}\``);
      }
    }
  });
});

describe("hub.schema.json", () => {
  it("is made of the schema as it is; else run: npm run docs", async () => {
    expect(await formatted(JSON.stringify(editorSchema()), schemaFile)).toBe(editor);
  });

  it("lets an editor accept what hubctl does, and a part of it, but no unknown key", () => {
    const schema = z.fromJSONSchema(JSON.parse(editor) as Parameters<typeof z.fromJSONSchema>[0]);
    const isFine = (file: unknown) => schema.safeParse(file).success;
    expect(isFine(smallest)).toBe(true);
    expect(isFine({ auth: { method: "ldap", server: "ldap.example.org" } })).toBe(true);
    expect(isFine({ tags: { Project: "hub" }, storage: { sharedFolders: [{ name: "data" }] } })).toBe(true);
    expect(isFine({ auth: { method: "ldap", allowedOrganizations: [] } })).toBe(false);
    expect(isFine({ network: { vpcCidr: "10.0.0.0/16" } })).toBe(false);
    expect(isFine({ storage: { sharedFolders: [{ mountPath: "/data" }] } })).toBe(false);
  });
});
