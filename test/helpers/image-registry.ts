import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ImageRegistry {
  /** "127.0.0.1:34567" */
  host: string;
  /** "HEAD /v2/team/user/manifests/1.0 Bearer …", in order. */
  requests: string[];
  close(): Promise<void>;
}

interface Behaviour {
  /** What manifests there are, by "path:tag". */
  manifests: Readonly<Record<string, string>>;
  /** Whether anonymous clients get tokens; "none" wants no token at all, "basic" a password. */
  login?: "token" | "none" | "denied" | "basic";
  /** Answers instead of everything else; a string in "location" redirects. */
  override?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Some registries leave the digest to the client. */
  namesDigest?: boolean;
}

export const indexType = "application/vnd.oci.image.index.v1+json";

export function digestOf(manifest: string): string {
  return `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
}

/** Behaves like Docker's registry: https://distribution.github.io/distribution/spec/auth/token/ */
export async function startImageRegistry(behaviour: Behaviour): Promise<ImageRegistry> {
  const { manifests, login = "token", override, namesDigest = true } = behaviour;
  const requests: string[] = [];
  let host = "";
  const server = createServer((request, response) => {
    requests.push([request.method, request.url, request.headers.authorization].filter(Boolean).join(" "));
    const url = new URL(request.url ?? "/", `http://${host}`);
    const answer = (status: number, headers: Record<string, string> = {}, body = ""): void => {
      response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
    };
    if (override?.(request, response)) return;
    if (url.pathname === "/token") {
      if (login === "denied") answer(401, {}, JSON.stringify({ details: "incorrect username or password" }));
      else answer(200, {}, JSON.stringify({ token: tokenFor(url.searchParams) }));
      return;
    }
    const [, path = "", tag = ""] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(url.pathname) ?? [];
    const scope = `repository:${path}:pull`;
    const wanted = tokenFor(new URLSearchParams({ service: "registry.test", scope }));
    if (login !== "none" && request.headers.authorization !== `Bearer ${wanted}`) {
      const challenge = `Bearer realm="http://${host}/token",service="registry.test",scope="${scope}"`;
      answer(401, { "www-authenticate": login === "basic" ? 'Basic realm="registry"' : challenge });
      return;
    }
    const manifest = manifests[`${path}:${decodeURIComponent(tag)}`];
    if (manifest === undefined) answer(404, {}, JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN" }] }));
    // As a registry does with a client that does not say that it knows indexes: another manifest, another digest.
    else if (!request.headers.accept?.includes(indexType)) answer(200, {}, `${manifest} for one architecture`);
    else answer(200, namesDigest ? { "docker-content-digest": digestOf(manifest) } : {}, manifest);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function tokenFor(query: URLSearchParams): string {
  return Buffer.from(`${query.get("service") ?? ""} ${query.get("scope") ?? ""}`).toString("base64url");
}
