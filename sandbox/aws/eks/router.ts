import type { AwsRequest, AwsResponse, Principal } from "../types.ts";
import { EksError, errorResponse, invalidParameter } from "./errors.ts";
import { unimplementedOperations } from "./unimplemented.ts";

export interface Call {
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  body: unknown;
  caller: Principal;
}

export interface Operation {
  name: string;
  method: "GET" | "POST" | "DELETE";
  /** With placeholders: "/clusters/{name}/addons/{addonName}". */
  path: string;
  run(call: Call): object | Promise<object>;
}

/** Answers a request by the operation whose method and path fit. */
export async function answer(operations: readonly Operation[], request: AwsRequest): Promise<AwsResponse> {
  try {
    for (const operation of operations) {
      const params = match(operation, request);
      if (params === undefined) continue;
      const { query, caller } = request;
      const result = await operation.run({ params, query, body: parseBody(request.body), caller });
      return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(result) };
    }
    const known = unimplementedOperations.find((operation) => match(operation, request) !== undefined);
    if (known) throw new EksError("ClientException", `${known.name} is not implemented by the simulated EKS`);
    throw new EksError("ClientException", `EKS has no operation at ${request.method} ${request.path}`);
  } catch (error) {
    if (error instanceof EksError) return errorResponse(error);
    throw error;
  }
}

/** The values of the placeholders, or undefined when the request is for another operation. */
function match(
  operation: { method: string; path: string },
  request: AwsRequest,
): Readonly<Record<string, string>> | undefined {
  if (operation.method !== request.method) return undefined;
  const wanted = operation.path.split("/");
  const sent = request.path.replace(/\/$/, "").split("/");
  if (wanted.length !== sent.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decode(sent[index] ?? "");
    if (part.startsWith("{")) params[part.slice(1, -1)] = value;
    else if (part !== value) return undefined;
  }
  return params;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidParameter(`Malformed path: ${text}`);
  }
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    throw invalidParameter("The request body is not valid JSON");
  }
}

/** The value of a placeholder of the operation's path. */
export function param(call: Call, name: string): string {
  const value = call.params[name];
  if (value === undefined || value === "") throw invalidParameter(`${name} is required`);
  return value;
}

/** A member that must have been sent. */
export function required<T>(value: T | undefined | null, name: string): T {
  if (value === undefined || value === null || value === "") throw invalidParameter(`${name} is required`);
  return value;
}

/** One page of a list, as maxResults and nextToken ask. */
export function paginate<T>(
  items: readonly T[],
  sent: { maxResults?: string | number | null | undefined; nextToken?: string | null | undefined },
): { items: T[]; nextToken?: string } {
  const size = Number(sent.maxResults ?? 100);
  if (!Number.isInteger(size) || size < 1 || size > 100) throw invalidParameter("maxResults must be between 1 and 100");
  const token = sent.nextToken ? Buffer.from(sent.nextToken, "base64url").toString() : "0";
  if (!/^\d+$/.test(token)) throw invalidParameter("nextToken is invalid");
  const start = Number(token);
  const end = start + size;
  return {
    items: items.slice(start, end),
    ...(end < items.length ? { nextToken: Buffer.from(String(end)).toString("base64url") } : {}),
  };
}

export function pageOf(call: Call): { maxResults: string | null; nextToken: string | null } {
  return { maxResults: call.query.get("maxResults"), nextToken: call.query.get("nextToken") };
}
