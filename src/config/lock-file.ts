import { readFileSync } from "node:fs";
import writeFileAtomic from "write-file-atomic";
import { parseDocument, stringify } from "yaml";
import { z } from "zod";
import { UserError } from "../errors.ts";
import type { HubLock } from "./hub-lock.ts";

/** Grows when a newer hubctl writes what an older one can't read. */
const lockFormat = 1;

const header = `# Written by hubctl at the first install of this deployment: what was resolved then, so that no rerun and no newer
# hubctl changes it by itself. Keep it with the configuration (commit it). Without it hubctl does not know its own hub.
`;

const text = z.string().min(1);
const versions = z.record(text, text);

const lockSchema = z.strictObject({
  hubctl: text,
  deployment: text.exactOptional(),
  id: text,
  account: z.string().regex(/^\d{12}$/, "must be 12 digits in quotes"),
  region: text,
  installer: text,
  kubernetes: z.string().regex(/^\d+\.\d+$/, 'must look like "1.36"'),
  addons: versions,
  nodeImage: z.strictObject({ release: text, alias: text }),
  zones: z.array(z.strictObject({ id: text, name: text })).min(1),
  charts: versions,
  images: z.record(text, z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must look like "sha256:…"')).exactOptional(),
  certificate: text.exactOptional(),
  defaults: z.record(text, z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
  provider: text,
}) satisfies z.ZodType<HubLock>;

/** The lock file's content; undefined if there is no such file, that is before the first install. */
export function readLock(file: string): HubLock | undefined {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return parseLock(source, file);
}

/** `file` is where the text comes from. */
export function parseLock(source: string, file: string): HubLock {
  const document = parseDocument(source);
  const [broken] = document.errors;
  if (broken !== undefined) throw lockBroken(file, broken.message.split("\n")[0] ?? "it is not YAML");
  const { format, ...content } = z
    .looseObject({ format: z.unknown() })
    .catch({ format: undefined })
    .parse(document.toJS());
  if (typeof format === "number" && format > lockFormat) {
    throw new UserError("LockFileNewer", `${file} has format ${format}; this hubctl reads up to ${lockFormat}`, {
      hint: "upgrade hubctl: npm install --global hubctl@latest",
    });
  }
  if (format !== lockFormat) throw lockBroken(file, `its first entry must be "format: ${lockFormat}"`);
  const parsed = lockSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
  throw lockBroken(file, problems.join("; "));
}

/** Written whole or not at all, and the same text for the same lock. */
export async function writeLock(file: string, lock: HubLock): Promise<void> {
  await writeFileAtomic(file, formatLock(lock), { mode: 0o644 });
}

function formatLock(lock: HubLock): string {
  const content = lockSchema.parse(lock);
  const { addons, charts, images } = content;
  const ordered = {
    format: lockFormat,
    ...content,
    addons: sorted(addons),
    charts: sorted(charts),
    ...(images && { images: sorted(images) }),
  };
  return header + stringify(ordered, { lineWidth: 0 });
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function lockBroken(file: string, why: string): UserError {
  return new UserError("LockFileBroken", `The lock file ${file} is broken: ${why}`, {
    hint: `restore it from version control (git checkout -- ${file})`,
  });
}
