import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";

/** The folder of botocore's service models that came with moto, or undefined if moto is not in a virtual environment. */
export function findServiceModels(motoServer: string): string | undefined {
  const libraries = join(dirname(dirname(realpathSync(motoServer))), "lib");
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .map((python) => join(libraries, python, "site-packages", "botocore", "data"))
    .find((folder) => existsSync(folder));
}

interface Route {
  operation: string;
  method: string;
  segments: string[];
  query: [name: string, value: string][];
}

interface ServiceModel {
  operations: Record<string, { http: { method: string; requestUri: string } }>;
}

/** Folder names in botocore of services that sign with another name. */
const folders: Record<string, string> = { elasticfilesystem: "efs" };

/** Names the operations of REST services, by the service models of botocore. */
export class OperationNames {
  readonly #folder: string | undefined;
  readonly #routes = new Map<string, Route[]>();

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  nameOf(service: string, method: string, path: string, query: URLSearchParams): string | undefined {
    const segments = path.replace(/^\//, "").split("/");
    const fitting = this.#routesOf(service).filter(
      (route) =>
        route.method === method &&
        fits(route.segments, segments) &&
        route.query.every(([name, value]) => query.has(name) && (value === "" || query.get(name) === value)),
    );
    // "PUT /{Bucket}" fits "PUT /x?versioning" too: the one that asks for most is meant.
    return fitting.sort((a, b) => b.query.length - a.query.length || preference(a) - preference(b))[0]?.operation;
  }

  #routesOf(service: string): Route[] {
    const known = this.#routes.get(service);
    if (known) return known;
    const routes = this.#read(folders[service] ?? service);
    this.#routes.set(service, routes);
    return routes;
  }

  #read(service: string): Route[] {
    if (this.#folder === undefined || !existsSync(join(this.#folder, service))) return [];
    const version = readdirSync(join(this.#folder, service)).sort().at(-1) ?? "";
    const file = join(this.#folder, service, version, "service-2.json.gz");
    const model = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as ServiceModel;
    return Object.entries(model.operations).map(([operation, { http }]) => {
      const [path = "", query = ""] = http.requestUri.split("?");
      return {
        operation,
        method: http.method,
        segments: path.replace(/^\//, "").split("/"),
        query: [...new URLSearchParams(query)],
      };
    });
  }
}

function fits(pattern: string[], segments: string[]): boolean {
  const trimmed = segments.at(-1) === "" && segments.length > 1 ? segments.slice(0, -1) : segments;
  const greedy = pattern.findIndex((part) => part.endsWith("+}"));
  if (greedy >= 0 ? segments.length <= greedy : trimmed.length !== pattern.length) return false;
  return pattern.every((part, index) => {
    if (part.startsWith("{")) return (segments[index] ?? "") !== "";
    return part === trimmed[index];
  });
}

/** PutObject and CopyObject, GetObject and SelectObject have the same route: the short name is the common one. */
function preference(route: Route): number {
  return route.operation === "PutObject" || route.operation === "ListObjects" ? 0 : 1;
}
