import type { AwsClients } from "../aws/clients.ts";
import { readEcrDigest } from "../aws/ecr-digest.ts";
import type { HubConfig } from "../config/hub-config.ts";
import { frozenImages, resolveMissing } from "../images/frozen-images.ts";
import { parseEcrRepository } from "../images/reference.ts";
import { resolveDigest } from "../images/resolve-digest.ts";

/**
 * The digests of images that the configuration freezes and the lock file does not name yet. Asks the images'
 * registries, and nobody if nothing is missing.
 */
export function findFrozenDigests(
  { aws, config, signal }: { aws: AwsClients; config: HubConfig; signal: AbortSignal },
  known: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  return resolveMissing(frozenImages(config), known, (image) => {
    const ecr = parseEcrRepository(image.repository);
    return ecr === undefined ? resolveDigest(image, { signal }) : readEcrDigest(aws, ecr, image.tag);
  });
}
