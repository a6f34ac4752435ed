import { z } from "zod";
import type { HubConfig } from "./hub-config.ts";
import * as rules from "./rules.ts";

/** A range becomes a rule of a security group (60 fit by default) or one of the 40 that EKS takes for its endpoint. */
const mostRanges = 40;

/** Of the 50 tags that AWS allows, the rest is hubctl's, Kubernetes' and Karpenter's. */
const mostTags = 35;

/**
 * The content of a hub.yaml: a HubConfig without its name, with defaults filled in. A Dandihub variables file is turned
 * into the same shape first, so that both are judged by the same rules.
 */
export const hubFileSchema = z
  .strictObject({
    aws: z.strictObject({
      accountId: obeying(rules.accountId).exactOptional(),
      region: obeying(rules.region),
      permissionsBoundary: obeying(rules.policyArn).exactOptional(),
      rolePath: obeying(rules.rolePath).default("/"),
      tags: z
        .record(z.string(), obeying(rules.tagValue, { mayBeEmpty: true }))
        .superRefine(checkTags)
        .default({}),
    }),
    domain: obeying(rules.domain),
    certificateArn: obeying(rules.certificateArn),
    network: section({
      vpcCidr: obeying(rules.vpcRange).default("10.0.0.0/16"),
      allowFrom: ranges(rules.clientRange).default(["0.0.0.0/0"]),
      apiAccess: ranges(rules.apiClientRange).default(["0.0.0.0/0"]),
    }),
    cluster: section({
      kubernetesVersion: obeying(rules.kubernetesVersion).exactOptional(),
      supportPolicy: z.enum(["STANDARD", "EXTENDED"]).default("STANDARD"),
      coreNodes: section(
        {
          instanceType: obeying(rules.coreInstanceType).default("m6i.large"),
          min: z.int().min(1).max(10).default(2),
          max: z.int().min(1).max(20).default(3),
          desired: z.int().min(1).max(20).default(2),
          volumeSizeGiB: z.int().min(30).max(1000).default(50),
        },
        checkNodeCounts,
      ),
    }),
    users: section({
      maxVcpus: z.int().min(2).max(10_000).default(64),
      cpu: section(
        { guarantee: z.number().min(0.05).max(192).default(0.5), limit: z.number().min(0.1).max(192).default(2) },
        checkLimit,
      ),
      memoryGiB: section(
        { guarantee: z.number().min(0.25).max(1536).default(2), limit: z.number().min(0.5).max(1536).default(4) },
        checkLimit,
      ),
    }),
    auth: z
      .strictObject({
        method: z.enum(["github", "shared-password"]).default("github"),
        admins: z.array(z.string()).min(1).superRefine(checkRepeats),
        allowedUsers: z.array(z.string()).superRefine(checkRepeats).default([]),
        allowedOrganizations: z.array(obeying(rules.githubOrganization)).superRefine(checkRepeats).default([]),
        allowAll: z.boolean().default(false),
      })
      .superRefine(checkAuth, { when: () => true }),
    image: z.strictObject({ repository: obeying(rules.imageRepository), tag: obeying(rules.imageTag) }),
  })
  .superRefine(checkOwners, { when: () => true }) satisfies z.ZodType<Omit<HubConfig, "name">>;

export type HubFile = z.input<typeof hubFileSchema>;

type Context = z.core.$RefinementCtx;

function obeying(rule: rules.Rule, { mayBeEmpty = false } = {}) {
  return z.string().superRefine((text, context) => {
    const wrong = text === "" && mayBeEmpty ? undefined : judge(rule, text);
    if (wrong !== undefined) context.addIssue(wrong);
  });
}

function judge(rule: rules.Rule, text: string): string | undefined {
  if (text === "") return "must not be empty";
  return /\p{Cc}/u.test(text) ? "must be one line, without control characters" : rule(text);
}

/** An object that may be left out as a whole: the defaults of its entries then count. */
function section<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  check: (value: z.output<z.ZodObject<Shape, z.core.$strict>>, context: Context) => void = () => undefined,
) {
  return z
    .strictObject(shape)
    .superRefine(check)
    .prefault({} as z.input<z.ZodObject<Shape, z.core.$strict>>);
}

function ranges(rule: rules.Rule) {
  return z.array(obeying(rule)).min(1).max(mostRanges).superRefine(checkRepeats);
}

function checkTags(tags: Record<string, string>, context: Context): void {
  for (const key of Object.keys(tags)) {
    const wrong = rules.tagKey(key);
    if (wrong !== undefined) context.addIssue({ code: "custom", path: [key], message: wrong });
  }
  const count = Object.keys(tags).length;
  if (count > mostTags) context.addIssue(`has ${count} tags; at most ${mostTags} fit beside hubctl's own`);
}

/** GitHub and JupyterHub both ignore case in these names. */
function checkRepeats(values: readonly string[], context: Context): void {
  const seen = new Set<string>();
  for (const [index, value] of values.entries()) {
    if (seen.has(value.toLowerCase())) {
      context.addIssue({ code: "custom", path: [index], message: `"${value}" is listed twice` });
    }
    seen.add(value.toLowerCase());
  }
}

function checkLimit(value: { guarantee: number; limit: number }, context: Context): void {
  if (value.limit >= value.guarantee) return;
  const message = `(${value.limit}) must not be less than guarantee (${value.guarantee})`;
  context.addIssue({ code: "custom", path: ["limit"], message });
}

function checkNodeCounts(nodes: { min: number; max: number; desired: number }, context: Context): void {
  const { min, max, desired } = nodes;
  const add = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
  if (max < min) add("max", `(${max}) must not be less than min (${min})`);
  else if (desired < min) add("desired", `(${desired}) must not be less than min (${min})`);
  else if (desired > max) add("desired", `(${desired}) must not be more than max (${max})`);
}

/** Also runs when other entries are wrong, so nothing about the value's shape is certain. */
function checkAuth(value: unknown, context: Context): void {
  const auth = partialAuth.parse(value);
  if (auth.method === undefined) return;
  const rule = auth.method === "github" ? rules.githubName : rules.hubUserName;
  for (const list of ["admins", "allowedUsers"] as const) {
    for (const [index, name] of auth[list].entries()) {
      const wrong = typeof name === "string" ? judge(rule, name) : undefined;
      if (wrong !== undefined) context.addIssue({ code: "custom", path: [list, index], message: wrong });
    }
  }
  if (auth.method !== "github" && auth.allowedOrganizations.length > 0) {
    const message = `has no meaning with method ${auth.method}: only GitHub knows organisations`;
    context.addIssue({ code: "custom", path: ["allowedOrganizations"], message });
  }
}

/** As checkAuth. */
function checkOwners(file: unknown, context: Context): void {
  const { aws, certificateArn } = partialFile.parse(file);
  const certificate = rules.certificateOwner(certificateArn ?? "");
  if (certificate !== undefined) {
    const add = (message: string) => context.addIssue({ code: "custom", path: ["certificateArn"], message });
    const { region, accountId } = aws;
    if (region !== undefined && rules.region(region) === undefined && region !== certificate.region) {
      add(`is in ${certificate.region}; a load balancer in ${region} can't use it: certificates belong to one region`);
    }
    if (accountId !== undefined && rules.accountId(accountId) === undefined && accountId !== certificate.account) {
      add(`belongs to account ${certificate.account}, not to ${accountId}`);
    }
  }
}

const names = z.array(z.unknown()).catch([]);
const partialAuth = z
  .object({
    method: z.enum(["github", "shared-password"]).default("github").optional().catch(undefined),
    admins: names,
    allowedUsers: names,
    allowedOrganizations: names,
  })
  .catch({ method: undefined, admins: [], allowedUsers: [], allowedOrganizations: [] });

const textOrNothing = z.string().optional().catch(undefined);
const partialFile = z
  .object({
    aws: z.object({ accountId: textOrNothing, region: textOrNothing }).catch({}),
    certificateArn: textOrNothing,
  })
  .catch({ aws: {} });
