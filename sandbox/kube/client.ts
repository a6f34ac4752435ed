import { Agent, request as httpsRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { watchResource, type WatchEvent } from "./watch.ts";

export type { WatchEvent } from "./watch.ts";

/** A Kubernetes object, read no deeper than what all objects have; callers narrow with a type of their own. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  generateName?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
}

export interface KubeList<T extends KubeObject> {
  resourceVersion: string;
  items: T[];
}

export interface KubeCredentials {
  /** "https://127.0.0.1:PORT" */
  server: string;
  /** PEM */
  ca: string;
  /** PEM of a client certificate and its key. */
  cert?: string;
  key?: string;
  token?: string;
}

export type PatchType =
  | "application/merge-patch+json"
  | "application/strategic-merge-patch+json"
  | "application/json-patch+json"
  | "application/apply-patch+yaml";

/** An answer of the API server that is not a success; `status` is 0 when there was no answer. */
export class KubeError extends Error {
  readonly status: number;
  /** The Status object's reason: "NotFound", "Conflict", "AlreadyExists". */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = "KubeError";
    this.status = status;
    this.reason = reason;
  }
}

const requestTimeoutMilliseconds = 30_000;

/** A thin client of one API server. Paths are those of the API, with their query: "/api/v1/pods?fieldSelector=…". */
export class KubeClient {
  readonly server: string;
  readonly #credentials: KubeCredentials;
  readonly #agent: Agent;
  readonly #kinds = new Map<string, Promise<Map<string, { plural: string; namespaced: boolean }>>>();

  constructor(credentials: KubeCredentials) {
    this.server = credentials.server;
    this.#credentials = credentials;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 16 });
  }

  /** Undefined if there is no such object. */
  async get<T extends KubeObject = KubeObject>(path: string): Promise<T | undefined> {
    return await undefinedIfNotFound(this.#send<T>("GET", path));
  }

  async list<T extends KubeObject = KubeObject>(path: string): Promise<T[]> {
    return (await this.listWithVersion<T>(path)).items;
  }

  /** The items and the version to watch from; items carry apiVersion and kind, which the API leaves out. */
  async listWithVersion<T extends KubeObject = KubeObject>(path: string): Promise<KubeList<T>> {
    const answer = await this.#send<{
      apiVersion: string;
      kind: string;
      metadata: { resourceVersion: string };
      items: T[] | null;
    }>("GET", path);
    const kind = answer.kind.replace(/List$/, "");
    return {
      resourceVersion: answer.metadata.resourceVersion,
      items: (answer.items ?? []).map((item) => ({ ...item, apiVersion: answer.apiVersion, kind })),
    };
  }

  /** Creates below a collection's path: create("/api/v1/namespaces/default/pods", pod). */
  async create<T extends KubeObject = KubeObject>(path: string, object: object): Promise<T> {
    return await this.#send<T>("POST", path, { body: object });
  }

  async replace<T extends KubeObject = KubeObject>(path: string, object: object): Promise<T> {
    return await this.#send<T>("PUT", path, { body: object });
  }

  /** Server-side apply; finds the path from kind, namespace and name. */
  async apply<T extends KubeObject = KubeObject>(object: object, fieldManager = "hubctl-sandbox"): Promise<T> {
    const path = await this.pathOf(object as KubeObject);
    return await this.#send<T>("PATCH", `${path}?fieldManager=${fieldManager}&force=true`, {
      body: object,
      contentType: "application/apply-patch+yaml",
    });
  }

  async patch<T extends KubeObject = KubeObject>(
    path: string,
    patch: unknown,
    contentType: PatchType = "application/merge-patch+json",
  ): Promise<T> {
    return await this.#send<T>("PATCH", path, { body: patch, contentType });
  }

  /** No error if there is no such object. */
  async delete(path: string, options?: object): Promise<void> {
    await undefinedIfNotFound(this.#send("DELETE", path, options === undefined ? {} : { body: options }));
  }

  /**
   * Lists and then watches a collection until the signal fires: ADDED for everything there is, then changes. Survives
   * restarts and expired versions of the API server; objects that vanished meanwhile are reported as DELETED.
   */
  async watch<T extends KubeObject = KubeObject>(
    path: string,
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await watchResource<T>(
      {
        list: (listPath) => this.listWithVersion<T>(listPath),
        open: (watchPath, openSignal) => this.#open("GET", watchPath, { signal: openSignal }),
      },
      path,
      onEvent,
      signal,
    );
  }

  /** The plain answer to a GET, for paths that answer no object: "/readyz", "/version". */
  async text(path: string): Promise<string> {
    const response = await this.#open("GET", path, { timeout: requestTimeoutMilliseconds });
    const text = await readAll(response);
    if (!isSuccess(response)) throw errorOf("GET", path, response, text);
    return text;
  }

  /** The path of an object of any kind that the server knows. */
  async pathOf(object: KubeObject): Promise<string> {
    const { apiVersion, kind, metadata } = object;
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resource = await this.#resourceOf(base, kind);
    const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${base}${scope}/${resource.plural}/${metadata.name}`;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #resourceOf(base: string, kind: string): Promise<{ plural: string; namespaced: boolean }> {
    const known = (await this.#kinds.get(base))?.get(kind);
    if (known !== undefined) return known;
    // Asked again for a kind that was unknown: its definition may have been created since.
    const asked = this.#discover(base);
    this.#kinds.set(base, asked);
    asked.catch(() => this.#kinds.delete(base));
    const found = (await asked).get(kind);
    if (found === undefined) throw new KubeError(404, "NotFound", `the API server knows no ${kind} in ${base}`);
    return found;
  }

  async #discover(base: string): Promise<Map<string, { plural: string; namespaced: boolean }>> {
    const answer = await this.#send<{ resources: { name: string; kind: string; namespaced: boolean }[] }>("GET", base);
    return new Map(
      answer.resources
        .filter(({ name }) => !name.includes("/"))
        .map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]),
    );
  }

  async #send<T>(
    method: string,
    path: string,
    { body, contentType = "application/json" }: { body?: unknown; contentType?: string } = {},
  ): Promise<T> {
    const response = await this.#open(method, path, {
      timeout: requestTimeoutMilliseconds,
      ...(body === undefined ? {} : { body: JSON.stringify(body), contentType }),
    });
    const text = await readAll(response);
    if (!isSuccess(response)) throw errorOf(method, path, response, text);
    return JSON.parse(text) as T;
  }

  #open(
    method: string,
    path: string,
    options: { body?: string; contentType?: string; timeout?: number; signal?: AbortSignal },
  ): Promise<IncomingMessage> {
    const { ca, cert, key, token } = this.#credentials;
    const { body, contentType, timeout, signal } = options;
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        `${this.server}${path}`,
        {
          method,
          ca,
          ...(cert === undefined ? {} : { cert }),
          ...(key === undefined ? {} : { key }),
          // A watch holds its connection for minutes and must not use up those of the others.
          agent: signal === undefined ? this.#agent : false,
          ...(signal === undefined ? {} : { signal }),
          headers: {
            accept: "application/json",
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(body) }),
          },
        },
        resolve,
      );
      if (timeout !== undefined) {
        request.setTimeout(timeout, () => request.destroy(new Error(`no answer within ${timeout / 1000} s`)));
      }
      request.once("error", (error) => reject(new KubeError(0, "NoAnswer", `${method} ${path}: ${error.message}`)));
      request.end(body);
    });
  }
}

async function undefinedIfNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

function isSuccess(response: IncomingMessage): boolean {
  const status = response.statusCode ?? 0;
  return status >= 200 && status < 300;
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function errorOf(method: string, path: string, response: IncomingMessage, text: string): KubeError {
  const status = response.statusCode ?? 0;
  try {
    const { reason, message } = JSON.parse(text) as { reason?: string; message?: string };
    return new KubeError(status, reason ?? "Unknown", `${method} ${path}: ${message ?? text}`);
  } catch {
    return new KubeError(status, "Unknown", `${method} ${path}: ${status} ${text.slice(0, 500)}`);
  }
}
