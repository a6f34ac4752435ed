import type { EksContext } from "./context.ts";
import { EksError } from "./errors.ts";
import { param, required } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord } from "./state.ts";

interface Tagged {
  record: ClusterRecord;
  tags: Record<string, string>;
}

const maximum = 50;

/** Refuses what no AWS service takes as tags. */
export function checkTags(tags: Record<string, string>): void {
  const reserved = Object.keys(tags).find((key) => /^aws:/i.test(key));
  if (reserved !== undefined) {
    throw new EksError("InvalidParameterException", `Tag keys may not start with aws: ${reserved}`);
  }
  if (Object.keys(tags).length > maximum) {
    throw new EksError("InvalidParameterException", `A resource can have at most ${maximum} tags`);
  }
}

export function tagOperations(context: EksContext): Operation[] {
  return [
    {
      name: "TagResource",
      method: "POST",
      path: "/tags/{resourceArn}",
      run: (call) => {
        const { record, tags } = findTagged(context, call);
        const sent = required((call.body as { tags?: Record<string, string> }).tags, "tags");
        checkTags({ ...tags, ...sent });
        Object.assign(tags, sent);
        context.store.save(record);
        return {};
      },
    },
    {
      name: "UntagResource",
      method: "DELETE",
      path: "/tags/{resourceArn}",
      run: (call) => {
        const { record, tags } = findTagged(context, call);
        for (const key of call.query.getAll("tagKeys")) Reflect.deleteProperty(tags, key);
        context.store.save(record);
        return {};
      },
    },
    {
      name: "ListTagsForResource",
      method: "GET",
      path: "/tags/{resourceArn}",
      run: (call) => ({ tags: findTagged(context, call).tags }),
    },
  ];
}

function findTagged(context: EksContext, call: Call): Tagged {
  const arn = param(call, "resourceArn");
  if (!arn.startsWith("arn:aws:eks:")) throw new EksError("BadRequestException", `Invalid resource ARN: ${arn}`);
  for (const record of context.store.all()) {
    const tags = tagsByArn(record).get(arn);
    if (tags !== undefined) return { record, tags };
  }
  throw new EksError("NotFoundException", `Resource not found: ${arn}`);
}

function tagsByArn(record: ClusterRecord): Map<string, Record<string, string>> {
  return new Map([
    [record.shape.arn, record.shape.tags],
    ...Object.values(record.nodegroups).map(({ shape }) => [shape.nodegroupArn, shape.tags] as const),
    ...Object.values(record.addons).map(({ shape }) => [shape.addonArn, shape.tags] as const),
    ...Object.values(record.accessEntries).map(({ shape }) => [shape.accessEntryArn, shape.tags] as const),
    ...Object.values(record.associations).map(({ shape }) => [shape.associationArn, shape.tags] as const),
  ]);
}
