import type { AwsSettings } from "../plant-orphans.ts";

/** Everything of one kind: the id by which AWS knows it, and all that AWS shows of it. */
export type Listing = (settings: AwsSettings) => Promise<Listed[]>;

export type Listed = [id: string, shown: unknown];

/** All items of all pages. */
export async function collect<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(itemsOf(page) ?? []));
  return items;
}

/** One after the other, since some of moto's calls fail side by side. */
export async function mapEach<Item, Result>(
  items: readonly Item[] | undefined,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items ?? []) results.push(await work(item));
  return results;
}

/** Undefined where AWS says, by an error of one of these names, that there is none. */
export async function unless<Answer>(names: string[], call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && names.includes(error.name)) return undefined;
    throw error;
  }
}
