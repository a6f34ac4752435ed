import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { AttributeChange, Drift, ObjectChange } from "../engine/object-change.ts";
import { diffValues } from "./diff-values.ts";
import { tainted } from "./terraform-plan.ts";

/** What a plan of Terraform says, resource by resource. */
export interface PlanDetails {
  /** All that the plan would do, whatever the reason. */
  changes: ObjectChange[];
  /** What has changed in AWS since the last run, whether the plan is about it or not. */
  drift: Drift[];
}

const changeSchema = z.object({
  actions: z.array(z.string()),
  before: z.unknown(),
  after: z.unknown(),
  after_unknown: z.unknown(),
  before_sensitive: z.unknown(),
  after_sensitive: z.unknown(),
  replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).default([]),
});

const resourceSchema = z.object({
  address: z.string(),
  previous_address: z.string().optional(),
  deposed: z.string().optional(),
  action_reason: z.string().optional(),
  mode: z.string().default("managed"),
  type: z.string(),
  change: changeSchema,
});
type Resource = z.infer<typeof resourceSchema>;

// https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
const planSchema = z.object({
  resource_changes: z.array(resourceSchema).default([]),
  resource_drift: z.array(resourceSchema).default([]),
  configuration: z
    .object({
      root_module: z
        .object({
          resources: z
            .array(z.object({ address: z.string(), expressions: z.record(z.string(), z.unknown()).default({}) }))
            .default([]),
        })
        .default({ resources: [] }),
    })
    .default({ root_module: { resources: [] } }),
});

/** Reads `terraform show -json PLANFILE`. Holds no value that Terraform takes for a secret. */
export function parsePlanDetails(stdout: string): PlanDetails {
  const { resource_changes: planned, resource_drift: drifted, configuration } = planSchema.parse(JSON.parse(stdout));
  const configured = new Map(
    configuration.root_module.resources.map(({ address, expressions }) => [address, new Set(Object.keys(expressions))]),
  );
  const namesOf = (address: string) => configured.get(address.replace(/\[.*\]$/s, "")) ?? new Set<string>();
  const managed = planned.filter(({ mode }) => mode === "managed");
  return {
    changes: managed.flatMap((resource) => readChange(resource, namesOf(resource.address)) ?? []),
    drift: drifted
      .filter(({ mode }) => mode === "managed")
      .flatMap((resource) => {
        const plan = managed.find(({ address, deposed }) => address === resource.address && deposed === undefined);
        return readDrift(resource, plan, namesOf(resource.address)) ?? [];
      }),
  };
}

function readChange(resource: Resource, configured: ReadonlySet<string>): ObjectChange | undefined {
  const { address, type, change } = resource;
  const action = actionOf(change.actions);
  if (action === undefined) return undefined;
  const isKept = action === "change" || action === "replace";
  const forcedBy = change.replace_paths.map((path) => path.join("."));
  const remark = remarkOn(resource);
  return {
    action,
    type,
    what: address,
    ...(remark !== undefined && { remark }),
    ...idOf(change.before),
    attributes: isKept ? attributesThatMatter(change, configured, forcedBy) : [],
    forcedBy,
  };
}

function remarkOn({ previous_address: former, deposed, action_reason: reason }: Resource): string | undefined {
  if (deposed !== undefined) return "the former one, which has a successor already";
  if (reason === tainted) return "its creation was interrupted";
  return former && `was ${former}`;
}

function actionOf(actions: readonly string[]): ObjectChange["action"] | undefined {
  // "forget" leaves the resource in AWS, where nobody knows it any more.
  const goes = actions.includes("delete") || actions.includes("forget");
  if (actions.includes("create")) return goes ? "replace" : "create";
  if (goes) return "delete";
  return actions.includes("update") ? "change" : undefined;
}

/** Without what only follows: every change makes AWS count on, every replacement gives new ids. */
function attributesThatMatter(
  change: z.infer<typeof changeSchema>,
  configured: ReadonlySet<string>,
  forcedBy: readonly string[],
): AttributeChange[] {
  return withoutRepeatedTags(diffChange(change)).filter((attribute) => {
    const [top = ""] = attribute.path.split(".");
    return attribute.isUnknown !== true || configured.has(top) || forcedBy.includes(attribute.path);
  });
}

function withoutRepeatedTags(attributes: readonly AttributeChange[]): AttributeChange[] {
  const paths = new Set(attributes.map(({ path }) => path));
  return attributes.filter(({ path }) => !path.startsWith("tags_all.") || !paths.has(path.replace("tags_all", "tags")));
}

function diffChange(change: z.infer<typeof changeSchema>): AttributeChange[] {
  return diffValues(change.before, change.after, {
    secretBefore: change.before_sensitive,
    secretAfter: change.after_sensitive,
    unknown: change.after_unknown,
  });
}

/**
 * AWS changes attributes by itself, sizes and dates for example: told is only what the configuration decides about,
 * or what the plan would change back.
 */
function readDrift(resource: Resource, plan: Resource | undefined, configured: ReadonlySet<string>): Drift | undefined {
  const { address, type, change } = resource;
  const common = { type, what: address, ...idOf(change.before) };
  if (change.actions.includes("delete")) {
    const isPutBack = plan !== undefined && actionOf(plan.change.actions) === "create";
    return { ...common, kind: "gone", attributes: [], isPutBack };
  }
  const planned = plan ? diffChange(plan.change) : [];
  const isReversed = ({ path, before }: AttributeChange) =>
    planned.some((back) => back.path === path && (back.isSecret === true || isDeepStrictEqual(back.after, before)));
  const all = withoutRepeatedTags(diffChange({ ...change, after_unknown: undefined }));
  const attributes = all.filter((attribute) => {
    const [top = ""] = attribute.path.split(".");
    return configured.has(top) || isReversed(attribute);
  });
  if (attributes.length === 0) return undefined;
  const isPutBack = attributes.some(({ path }) => planned.some((change) => change.path === path));
  return { ...common, kind: "changed", attributes, isPutBack };
}

function idOf(before: unknown): { id?: string } {
  const known = z.object({ id: z.string() }).safeParse(before).data;
  return known ? { id: known.id } : {};
}
