import { z } from "zod";

const conditions = z
  .array(z.object({ type: z.string(), status: z.string(), message: z.string().default("") }))
  .default([]);

const claimSchema = z.object({
  metadata: z.object({ deletionTimestamp: z.string().optional() }).optional(),
  status: z.object({ phase: z.string() }),
});

const cronJobSchema = z.object({
  spec: z.object({
    jobTemplate: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()).optional() }).default({}),
      spec: z.looseObject({
        template: z.looseObject({
          spec: z.looseObject({
            containers: z.array(z.looseObject({ env: z.array(z.looseObject({ name: z.string() })).optional() })),
          }),
        }),
      }),
    }),
  }),
  status: z.object({ lastSuccessfulTime: z.string().optional() }).default({}),
});
export type CronJob = z.infer<typeof cronJobSchema>;

const jobSchema = z.object({ status: z.object({ conditions }).default({ conditions: [] }) });

const state = z.object({
  waiting: z.object({ message: z.string().optional() }).optional(),
  terminated: z.object({ exitCode: z.number(), message: z.string().default("") }).optional(),
});
const podsSchema = z.object({
  items: z
    .array(
      z.object({
        status: z.object({ conditions, containerStatuses: z.array(z.object({ state })).default([]) }),
      }),
    )
    .default([]),
});
type Pods = z.infer<typeof podsSchema>["items"];

export const parseClaim = (stdout: string) => parse(claimSchema, stdout);
export const parseCronJob = (stdout: string) => parse(cronJobSchema, stdout);
export const parseJob = (stdout: string) => parse(jobSchema, stdout);
export const parsePods = (stdout: string): Pods => parse(podsSchema, stdout)?.items ?? [];

/** Why these pods have not done their work, in the words of whoever knows; "" if nothing is known. */
export function describeTrouble(pods: Pods): string {
  const reasons = pods.flatMap(({ status }) => [
    ...status.containerStatuses.map(({ state: { terminated } }) => (terminated?.exitCode ? terminated.message : "")),
    ...status.containerStatuses.map(({ state: { waiting } }) => waiting?.message ?? ""),
    ...status.conditions
      .filter(({ type, status: is }) => type === "PodScheduled" && is === "False")
      .map(({ message }) => message),
  ]);
  return reasons.map((reason) => reason.trim()).find((reason) => reason !== "") ?? "";
}

/** What a container that went well has left in its termination message. */
export function readWords(pods: Pods): string {
  const ends = pods.flatMap(({ status }) => status.containerStatuses.map(({ state: { terminated } }) => terminated));
  return ends.find((end) => end?.exitCode === 0 && end.message !== "")?.message ?? "";
}

/** With --ignore-not-found kubectl prints nothing for what is not there. */
function parse<Value>(schema: z.ZodType<Value>, stdout: string): Value | undefined {
  return stdout.trim() === "" ? undefined : schema.parse(JSON.parse(stdout));
}
