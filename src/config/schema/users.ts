import { z } from "zod";
import { absolutePath, environmentName, gitBranch, gitRepository, relativePath } from "../rules/servers.ts";
import { dictionary, obeying, prose, refuseRepeats, section, type Context } from "./fields.ts";

const cpus = () => z.number().min(0.05).max(192);
const gibibytes = () => z.number().min(0.25).max(1536);

const cpuTexts = ["CPUs that each server surely has,", "and at most"] as const;
const memoryTexts = ["Memory that each server surely has,", "and at most; a server that needs more is ended"] as const;

/** Of all users. */
const defaultCpu = section(
  {
    guarantee: cpus().default(0.5).describe(cpuTexts[0]),
    limit: cpus().default(2).describe(cpuTexts[1]),
  },
  checkLimit,
).describe("Share of a node's CPUs");

const defaultMemory = section(
  {
    guarantee: gibibytes().default(2).describe(memoryTexts[0]),
    limit: gibibytes().default(4).describe(memoryTexts[1]),
  },
  checkLimit,
).describe("Share of a node's memory");

/** Of a profile. */
export const cpuSchema = z
  .strictObject({ guarantee: cpus().describe(cpuTexts[0]), limit: cpus().describe(cpuTexts[1]) })
  .superRefine(checkLimit)
  .exactOptional()
  .describe("Instead of `users.cpu`");

export const memorySchema = z
  .strictObject({ guarantee: gibibytes().describe(memoryTexts[0]), limit: gibibytes().describe(memoryTexts[1]) })
  .superRefine(checkLimit)
  .exactOptional()
  .describe("Instead of `users.memoryGiB`");

export const environmentSchema = dictionary(environmentName, z.string());

/** The files go to the servers in one Kubernetes secret, and the hub's values with them; both end at 1 MiB. */
const mostFileCharacters = 400_000;

const fileSchema = z
  .strictObject({
    path: obeying(absolutePath).describe("Where it is put, like `/home/jovyan/.condarc`"),
    content: z.string().exactOptional().describe("Its text,"),
    source: obeying(relativePath)
      .exactOptional()
      .describe("or the file that holds it: a path relative to the deployment's folder"),
  })
  .superRefine(({ content, source }, context) => {
    if (content === undefined && source === undefined) context.addIssue("needs content or source");
    if (content !== undefined && source !== undefined) {
      context.addIssue({ code: "custom", path: ["source"], message: "has no meaning beside content: remove one" });
    }
  });

const repositorySchema = z.strictObject({
  url: obeying(gitRepository).describe("Its `https://` address; it must be readable without a login"),
  branch: obeying(gitBranch).exactOptional().describe("The repository's own default, if it is not given"),
  folder: obeying(relativePath).exactOptional().describe("Below the home; called after the repository otherwise"),
});

export const usersSchema = section({
  maxVcpus: z
    .int()
    .min(2)
    .max(10_000)
    .default(64)
    .describe(
      "Most vCPUs of the nodes that users share, and again of those of each profile that has nodes of its own; a bound on what they can cost",
    ),
  cpu: defaultCpu,
  memoryGiB: defaultMemory,
  environment: environmentSchema
    .default({})
    .describe("Environment variables of every server. Not for secrets: all users can read them"),
  pullRepositories: z
    .array(repositorySchema)
    .default([])
    .describe("Git repositories that are brought up to date in each home when a server starts (nbgitpuller)"),
  postStart: prose().exactOptional().describe("Shell commands that run in each server after it has started"),
  files: z
    .array(fileSchema)
    .superRefine(checkFiles)
    .default([])
    .describe("Files that are put into each server, over what image and home hold"),
}).describe("Users' servers");

function checkLimit(value: { guarantee: number; limit: number }, context: Context): void {
  if (value.limit >= value.guarantee) return;
  const message = `(${value.limit}) must not be less than guarantee (${value.guarantee})`;
  context.addIssue({ code: "custom", path: ["limit"], message });
}

function checkFiles(files: readonly { path: string; content?: string }[], context: Context): void {
  refuseRepeats(
    files.map(({ path }) => path),
    (index) => [index, "path"],
    (index) => `"${files[index]?.path ?? ""}" is listed twice`,
    context,
  );
  const wrong = describeTooLong(files.map(({ content }) => content ?? ""));
  if (wrong !== undefined) context.addIssue(wrong);
}

export function describeTooLong(contents: readonly string[]): string | undefined {
  const count = contents.reduce((sum, content) => sum + content.length, 0);
  if (count <= mostFileCharacters) return undefined;
  return `hold ${count} characters together; at most ${mostFileCharacters} fit. Put large files into a shared folder or the image`;
}
