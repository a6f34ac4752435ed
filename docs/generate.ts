import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { editorSchema, withSettings } from "./reference.ts";

/** Writes what is made of the schema of hub.yaml. `npm run docs` runs it in the project's folder. */
const page = join(process.cwd(), "docs/configuration.md");
const schema = join(process.cwd(), "hub.schema.json");

await write(page, withSettings(readFileSync(page, "utf8")));
await write(schema, JSON.stringify(editorSchema()));

async function write(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}
