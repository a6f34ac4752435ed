import type { AwsRequest, AwsResponse } from "./types.ts";

/** A call with what only the front and the overrides need to know about it. */
export interface ReceivedRequest extends AwsRequest {
  /** The query as sent, without the question mark: S3 tells "?versioning" from "?versioning=". */
  rawQuery: string;
  /** The operation's name, in the REST protocols too where it could be found; else "METHOD path". */
  operation: string;
  /** Signed by a part of the sandbox: what AWS itself does on the account's behalf. */
  internal: boolean;
}

/** Parameters of the query protocols (Action=…), from the body or the URL. */
export function queryParameters(request: AwsRequest): URLSearchParams {
  return request.query.has("Action") ? request.query : new URLSearchParams(request.body.toString("utf8"));
}

/** The body of a JSON call. */
export function jsonParameters(request: AwsRequest): Record<string, unknown> {
  const parsed: unknown = request.body.length === 0 ? {} : JSON.parse(request.body.toString("utf8"));
  return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
}

/** A handler of the front's own: it sees more of the call than the contract's Handler. */
export type Override = (request: ReceivedRequest) => Promise<AwsResponse | undefined>;
