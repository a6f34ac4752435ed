import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ToolError } from "../errors.ts";
import type { Problem } from "./problem.ts";

/**
 * Runs `terraform` or `tofu` with these arguments; resolves whatever the exit code. What it prints may quote the file, in
 * which a secret may stand by mistake, so it must not be logged.
 */
export type RunTerraform = (
  args: string[],
  options: { cwd: string; input: string },
) => Promise<{ stdout: string; stderr: string; exitCode: number }>;

export type TfvarsResult = { values: Record<string, unknown> } | { problems: Problem[] };

/**
 * Reads the named variables of a variables file with Terraform's own parser; variables that the file does not set are
 * left out. Needs no `terraform init`. `display` is what the file is called in problems.
 */
export async function readTfvars(
  file: string,
  names: readonly string[],
  display: string,
  run: RunTerraform,
): Promise<TfvarsResult> {
  const folder = await mkdtemp(join(tmpdir(), "hubctl-tfvars-"));
  try {
    const variable = Object.fromEntries(names.map((name) => [name, { type: "any", default: null }]));
    await writeFile(join(folder, "main.tf.json"), JSON.stringify({ variable }));
    const entries = names.map((name) => `${name} = var.${name}`).join(", ");
    // Base64, because the console prints strings in a notation of its own, and other text may stand before them.
    const input = `base64encode(jsonencode({ ${entries} }))\n`;
    const result = await run(["console", "-no-color", `-var-file=${file}`], { cwd: folder, input });
    const answer = /^"([A-Za-z0-9+/=]+)"$/m.exec(result.stdout)?.[1];
    if (result.exitCode === 0 && answer !== undefined) return { values: decode(answer) };
    return { problems: await diagnose(file, display, folder, run) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function decode(answer: string): Record<string, unknown> {
  const values = z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(answer, "base64").toString("utf8")));
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

const diagnosticSchema = z.object({
  diagnostic: z.object({
    severity: z.string(),
    summary: z.string(),
    detail: z.string().default(""),
    range: z.object({ start: z.object({ line: z.number(), column: z.number() }) }).optional(),
  }),
});

/** The console has no machine-readable errors and quotes the line at fault, secrets and all; a plan of nothing does better. */
async function diagnose(file: string, display: string, folder: string, run: RunTerraform): Promise<Problem[]> {
  const args = ["plan", "-json", "-input=false", "-lock=false", "-refresh=false", `-var-file=${file}`];
  const { stdout, exitCode } = await run(args, { cwd: folder, input: "" });
  const errors = stdout
    .split("\n")
    .map((line) => diagnosticSchema.safeParse(parseJson(line)).data?.diagnostic)
    .filter((diagnostic) => diagnostic?.severity === "error")
    .filter((diagnostic) => diagnostic !== undefined)
    .sort((a, b) => (a.range?.start.line ?? 0) - (b.range?.start.line ?? 0));
  if (errors.length === 0) {
    throw new ToolError("TfvarsNotRead", `Terraform could not read ${display} and did not say why`, {
      output: `terraform plan: exit code ${exitCode}`,
      hint: `terraform console -var-file=${display}`,
    });
  }
  return errors.map(({ summary, detail, range }) => ({
    at: range === undefined ? display : `${display}:${range.start.line}:${range.start.column}`,
    message: `${summary}: ${detail}`.replaceAll(file, display).replace(/\s+/g, " ").trim(),
  }));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
