import { createHash } from "node:crypto";
import { z } from "zod";
import { ToolError, UserError } from "../errors.ts";
import { imageKey, type TaggedImage } from "./frozen-images.ts";
import { manifestTypes, parseRepository } from "./reference.ts";

export interface ResolveOptions {
  signal?: AbortSignal;
  timeoutSeconds?: number;
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;

/**
 * What a tag means today, as "sha256:…", asked of the image's registry without a login.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
export async function resolveDigest(image: TaggedImage, options: ResolveOptions = {}): Promise<string> {
  const { registry, path } = parseRepository(image.repository);
  // As Docker does it: TLS everywhere but on this very machine.
  const isLocal = /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(registry);
  const url = `${isLocal ? "http" : "https"}://${registry}/v2/${path}/manifests/${encodeURIComponent(image.tag)}`;
  const ask = (address: string, method: "HEAD" | "GET", headers: Record<string, string>) =>
    request(address, { method, headers }, { image, registry, ...options });

  const headers: Record<string, string> = { accept: manifestTypes.join(", ") };
  // HEAD: Docker Hub counts GET as a pull, of which it allows few.
  let answer = await ask(url, "HEAD", headers);
  if (answer.status === 401) {
    const tokenUrl = tokenAddress(answer.headers.get("www-authenticate") ?? "", { path, isLocal });
    if (tokenUrl === undefined) throw refused(image, registry);
    headers["authorization"] = `Bearer ${await readToken(await ask(tokenUrl, "GET", {}), image, registry)}`;
    answer = await ask(url, "HEAD", headers);
  }
  refuseFailure(answer, image, registry);
  const digest = answer.headers.get("docker-content-digest") ?? (await hashManifest(await ask(url, "GET", headers)));
  if (digestPattern.test(digest)) return digest;
  throw new ToolError("DigestUnknown", `${registry} gives no usable digest of ${imageKey(image)}: "${digest}"`, {
    hint: nameDigest,
  });
}

interface Question extends ResolveOptions {
  image: TaggedImage;
  registry: string;
}

const nameDigest = "name the image's digest in the configuration (image.digest), or set image.freeze to false";

async function request(url: string, init: RequestInit, question: Question): Promise<Response> {
  const { image, registry, signal, timeoutSeconds = 20 } = question;
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    return await fetch(url, { ...init, signal: signal === undefined ? limit : AbortSignal.any([limit, signal]) });
  } catch (cause) {
    const why = limit.aborted ? `no answer within ${timeoutSeconds} s` : describeCause(cause);
    throw new ToolError("RegistryUnreachable", `cannot ask ${registry} for the digest of ${imageKey(image)}: ${why}`, {
      hint: `check the way to https://${registry}, then run it again; or ${nameDigest}`,
      cause,
    });
  }
}

/** fetch says "fetch failed" of everything; why is in its cause. */
function describeCause(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof Error && cause.message !== "") return cause.message;
  return error instanceof Error ? error.message : String(error);
}

function refuseFailure({ status, ok }: Response, image: TaggedImage, registry: string): void {
  if (ok) return;
  if (status === 401 || status === 403) throw refused(image, registry);
  if (status === 404) {
    throw new UserError("ImageNotFound", `there is no image ${imageKey(image)} (says ${registry})`, {
      hint: "correct its repository or tag in the configuration",
    });
  }
  const busy = status === 429;
  throw new ToolError(
    busy ? "RegistryBusy" : "RegistryFailed",
    busy
      ? `${registry} allows no more requests for now (429), so the digest of ${imageKey(image)} is not known`
      : `${registry} answered ${status} when it was asked for the digest of ${imageKey(image)}`,
    { hint: `run it again ${busy ? "in an hour" : "later"}; or ${nameDigest}` },
  );
}

/** Registries tell nobody whether a private image exists. */
function refused(image: TaggedImage, registry: string): UserError {
  return new UserError(
    "ImagePrivate",
    `${registry} shows ${imageKey(image)} to nobody without a login: it is private, or does not exist`,
    { hint: `correct its repository or tag; if it is private, ${nameDigest}` },
  );
}

/**
 * Where the registry's challenge says that tokens are given out; undefined if it wants something else, like a password.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
function tokenAddress(challenge: string, { path, isLocal }: { path: string; isLocal: boolean }): string | undefined {
  if (!/^bearer\s/i.test(challenge)) return undefined;
  const parts = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]));
  const realm = parts.get("realm") ?? "";
  if (!URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  if (url.protocol !== "https:" && !isLocal) return undefined;
  const service = parts.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", parts.get("scope") ?? `repository:${path}:pull`);
  return url.href;
}

const tokenSchema = z.union([
  z.object({ token: z.string().min(1) }).transform(({ token }) => token),
  z.object({ access_token: z.string().min(1) }).transform(({ access_token }) => access_token),
]);

async function readToken(answer: Response, image: TaggedImage, registry: string): Promise<string> {
  refuseFailure(answer, image, registry);
  const token = tokenSchema.safeParse(await answer.json().catch(() => undefined));
  if (!token.success) throw refused(image, registry);
  return token.data;
}

async function hashManifest(answer: Response): Promise<string> {
  if (!answer.ok) return "";
  return `sha256:${createHash("sha256")
    .update(Buffer.from(await answer.arrayBuffer()))
    .digest("hex")}`;
}
