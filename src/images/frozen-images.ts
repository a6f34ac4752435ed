import type { HubConfig, Image } from "../config/hub-config.ts";

/** An image by a tag, which may come to mean another image. */
export interface TaggedImage {
  repository: string;
  tag: string;
}

/** How the lock file names an image. */
export function imageKey({ repository, tag }: TaggedImage): string {
  return `${repository}:${tag}`;
}

/** The images of which the lock file keeps the digest: all that have none yet in the configuration, if it freezes them. */
export function frozenImages({ image, profiles, hub }: HubConfig): TaggedImage[] {
  if (!image.freeze) return [];
  const all: (Image | undefined)[] = [image, ...profiles.map((profile) => profile.image), hub.image];
  const tagged = all.flatMap((one) =>
    one === undefined || one.digest !== undefined ? [] : [{ repository: one.repository, tag: one.tag ?? "latest" }],
  );
  return [...new Map(tagged.map((one) => [imageKey(one), one])).values()];
}

/** The digests that a lock file lacks, by its names. What it has stays as it is. */
export async function resolveMissing(
  images: readonly TaggedImage[],
  known: Readonly<Record<string, string>>,
  resolve: (image: TaggedImage) => Promise<string>,
): Promise<Record<string, string>> {
  const missing = images.filter((image) => known[imageKey(image)] === undefined);
  const digests = await Promise.all(missing.map(async (image) => [imageKey(image), await resolve(image)] as const));
  return Object.fromEntries(digests);
}
