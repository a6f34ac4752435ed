import { ListRulesCommand, ListTagsForResourceCommand } from "@aws-sdk/client-eventbridge";
import { GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { ownName } from "./iam.ts";
import { hasOwnTags, readTags, type Found } from "./resource.ts";
import { arnResource, mapFew, unlessGone, type Scope } from "./scope.ts";

export async function findQueues(scope: Scope): Promise<Found[]> {
  const client = await scope.aws.rare.sqs();
  const found = await mapFew(await scope.tagged("sqs"), async ({ arn, tags }): Promise<Found[]> => {
    const QueueName = arnResource(arn);
    const url = (await unlessGone(client.send(new GetQueueUrlCommand({ QueueName }))))?.QueueUrl;
    if (url === undefined) return [];
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["CreatedTimestamp"] });
    const seconds = (await unlessGone(client.send(command)))?.Attributes?.["CreatedTimestamp"];
    const created = seconds === undefined ? undefined : new Date(Number(seconds) * 1000);
    return [{ category: "queues", id: QueueName, arn, created, tags, monthlyCost: 0, facts: { url } }];
  });
  return found.flat();
}

/** On the default bus, where AWS's services tell their news. */
export async function findEventRules({ aws }: Scope): Promise<Found[]> {
  const client = await aws.rare.events();
  const rules: Found[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListRulesCommand({ NextToken }));
    for (const { Name: id = "", Arn: arn, Description: name } of page.Rules ?? [])
      if (ownName.test(id)) rules.push({ category: "event-rules", id, arn, name, tags: {}, monthlyCost: 0 });
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  const tagged = await mapFew(rules, async (rule) => {
    const answer = await unlessGone(client.send(new ListTagsForResourceCommand({ ResourceARN: rule.arn })));
    return { ...rule, tags: readTags(answer?.Tags) };
  });
  return tagged.filter(({ tags }) => hasOwnTags(tags));
}
