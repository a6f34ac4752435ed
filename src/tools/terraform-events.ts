import { z } from "zod";

const resourceSchema = z.object({ addr: z.string(), resource_type: z.string().default("") });
const hookSchema = z.object({
  resource: resourceSchema,
  action: z.string().default(""),
  elapsed_seconds: z.number().default(0),
});
const common = { "@message": z.string().default(""), "@timestamp": z.string().default("") };

const eventSchema = z.discriminatedUnion("type", [
  z.object({ ...common, type: z.literal("version"), terraform: z.string().optional(), tofu: z.string().optional() }),
  z.object({
    ...common,
    type: z.literal("planned_change"),
    change: z.object({ resource: resourceSchema, action: z.string(), reason: z.string().optional() }),
  }),
  z.object({
    ...common,
    type: z.literal("change_summary"),
    changes: z.object({ add: z.number(), change: z.number(), remove: z.number(), operation: z.string() }),
  }),
  z.object({ ...common, type: z.literal("apply_start"), hook: hookSchema }),
  z.object({ ...common, type: z.literal("apply_progress"), hook: hookSchema }),
  z.object({ ...common, type: z.literal("apply_complete"), hook: hookSchema }),
  z.object({ ...common, type: z.literal("apply_errored"), hook: hookSchema }),
  z.object({
    ...common,
    type: z.literal("diagnostic"),
    diagnostic: z.object({
      severity: z.string(),
      summary: z.string(),
      detail: z.string().default(""),
      address: z.string().optional(),
    }),
  }),
]);

export type TerraformEvent = z.infer<typeof eventSchema>;
export type Diagnostic = Extract<TerraformEvent, { type: "diagnostic" }>["diagnostic"];

/** A line of the stream: an event that hubctl knows, or the text of anything else. */
export type StreamLine = { event: TerraformEvent; text: string } | { event?: undefined; text: string };

/** Never fails: a crash, a warning about the CLI configuration and events of newer versions come in the same stream. */
export function parseStreamLine(line: string): StreamLine {
  const value = parseJson(line);
  const event = eventSchema.safeParse(value);
  if (event.success) return { event: event.data, text: event.data["@message"] };
  const other = z.object({ "@message": z.string() }).safeParse(value);
  return { text: other.success ? other.data["@message"] : line };
}

/** A diagnostic as Terraform's own words. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const where = diagnostic.address === undefined ? "" : `\n  with ${diagnostic.address}`;
  const detail = diagnostic.detail === "" ? "" : `\n${diagnostic.detail}`;
  return `${capitalize(diagnostic.severity)}: ${diagnostic.summary}${where}${detail}`;
}

function parseJson(line: string): unknown {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
