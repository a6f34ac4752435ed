import type { Filter } from "@aws-sdk/client-ec2";
import { deploymentTag, idTag } from "./resource.ts";
import type { Scope } from "./scope.ts";

export const taggedFilter: Filter = { Name: "tag-key", Values: [idTag, deploymentTag] };

/** EC2 joins filters by "and": what has our tags and what is in our VPCs takes two calls. */
export async function taggedOrInVpcs(scope: Scope, vpcFilter = "vpc-id"): Promise<Filter[]> {
  const vpcs = await scope.found("vpcs");
  return [taggedFilter, ...filtersOf(vpcFilter, vpcs)];
}

/** A filter takes at most 200 values. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html */
export function filtersOf(name: string, things: readonly { id: string }[]): Filter[] {
  const ids = things.map(({ id }) => id);
  return Array.from({ length: Math.ceil(ids.length / 200) }, (_, index) => ({
    Name: name,
    Values: ids.slice(index * 200, index * 200 + 200),
  }));
}

/** The things of all pages of all calls, one by each filter, each thing once. */
export async function collect<Page, Item>(
  filters: readonly Filter[],
  ask: (filter: Filter) => AsyncIterable<Page>,
  items: (page: Page) => readonly Item[] | undefined,
  idOf: (item: Item) => string | undefined,
): Promise<Item[]> {
  const found = new Map<string, Item>();
  for (const filter of filters) {
    for await (const page of ask(filter)) {
      for (const item of items(page) ?? []) found.set(idOf(item) ?? "", item);
    }
  }
  return [...found.values()];
}
