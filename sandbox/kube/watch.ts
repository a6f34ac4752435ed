import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeList, KubeObject } from "./client.ts";

export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: T;
}

export interface WatchSource<T extends KubeObject> {
  list(path: string): Promise<KubeList<T>>;
  open(path: string, signal: AbortSignal): Promise<IncomingMessage>;
}

const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 5_000;

/** See KubeClient.watch. */
export async function watchResource<T extends KubeObject>(
  source: WatchSource<T>,
  path: string,
  onEvent: (event: WatchEvent<T>) => void,
  signal: AbortSignal,
): Promise<void> {
  const known = new Map<string, T>();
  let version: string | undefined;
  let pause = firstPauseMilliseconds;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const list = await source.list(path);
        reportDifference(known, list.items, onEvent);
        version = list.resourceVersion;
      }
      const separator = path.includes("?") ? "&" : "?";
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion=${version}`;
      const response = await source.open(`${path}${separator}${query}`, signal);
      if (response.statusCode !== 200) {
        response.resume();
        throw new Error(`watch answered ${response.statusCode ?? 0}`);
      }
      pause = firstPauseMilliseconds;
      version = await follow(response, known, version, onEvent);
    } catch {
      version = undefined;
      await delay(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(pause * 2, longestPauseMilliseconds);
    }
  }
}

/** Reads events until the server closes the stream; the version to go on from, or undefined if it has expired. */
async function follow<T extends KubeObject>(
  response: IncomingMessage,
  known: Map<string, T>,
  startVersion: string,
  onEvent: (event: WatchEvent<T>) => void,
): Promise<string | undefined> {
  let version: string | undefined = startVersion;
  for await (const line of linesOf(response)) {
    const { type, object } = JSON.parse(line) as { type: string; object: T };
    if (type === "ERROR") return undefined;
    version = object.metadata.resourceVersion;
    if (type === "BOOKMARK") continue;
    if (type === "DELETED") known.delete(keyOf(object));
    else known.set(keyOf(object), object);
    onEvent({ type: type as WatchEvent["type"], object });
  }
  return version;
}

/** Unlike node:readline, fails when the connection breaks off instead of waiting for an end that never comes. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  response.setEncoding("utf8");
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}

function reportDifference<T extends KubeObject>(
  known: Map<string, T>,
  items: readonly T[],
  onEvent: (event: WatchEvent<T>) => void,
): void {
  const present = new Map(items.map((item) => [keyOf(item), item]));
  for (const [key, object] of [...known]) {
    if (present.has(key)) continue;
    known.delete(key);
    onEvent({ type: "DELETED", object });
  }
  for (const [key, object] of present) {
    const before = known.get(key);
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion && before !== undefined) continue;
    known.set(key, object);
    onEvent({ type: before === undefined ? "ADDED" : "MODIFIED", object });
  }
}

/** By uid: an object that was deleted and created again under its name is another one. */
function keyOf(object: KubeObject): string {
  return object.metadata.uid ?? `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}
