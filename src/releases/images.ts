import type { HubConfig, Image } from "../config/hub-config.ts";
import { imageKey } from "../images/frozen-images.ts";
import type { ReleaseInputs } from "./inputs.ts";

type ImageInputs = Pick<ReleaseInputs, "config" | "lock">;
type PullPolicy = "IfNotPresent" | "Always";

/**
 * Name and tag as the hub chart takes them, which joins the two with a colon; so a digest is given as the "tag" of a
 * name that ends in "@sha256".
 */
export function chartImage(image: Image, inputs: ImageInputs): { name: string; tag: string } {
  const digest = digestOf(image, inputs);
  if (digest === undefined) return { name: image.repository, tag: tagOf(image) };
  const [algorithm = "", hash = ""] = digest.split(":");
  return { name: `${image.repository}@${algorithm}`, tag: hash };
}

export function imageReference(image: Image, inputs: ImageInputs): string {
  const { name, tag } = chartImage(image, inputs);
  return `${name}:${tag}`;
}

/** What the configuration says for all of users' images; else whether this one can change under its name. */
export function pullPolicy(image: Image, inputs: ImageInputs): PullPolicy {
  const configured: HubConfig["image"]["pullPolicy"] = inputs.config.image.pullPolicy;
  if (configured !== "auto") return configured;
  return digestOf(image, inputs) !== undefined || isFixedTag(tagOf(image)) ? "IfNotPresent" : "Always";
}

function digestOf(image: Image, { config, lock }: ImageInputs): string | undefined {
  if (image.digest !== undefined) return image.digest;
  if (!config.image.freeze) return undefined;
  return lock.images?.[imageKey({ repository: image.repository, tag: tagOf(image) })];
}

function tagOf(image: Image): string {
  return image.tag ?? "latest";
}

/** Whether a tag looks like one that is never moved: a date, a version of at least two parts, a commit. */
function isFixedTag(tag: string): boolean {
  return (
    /\d{4}[-.]?\d{2}[-.]?\d{2}/.test(tag) ||
    /\d+\.\d+/.test(tag) ||
    /(^|[^0-9a-z])(?=[a-f]*\d)[0-9a-f]{7,40}($|[^0-9a-z])/.test(tag)
  );
}
