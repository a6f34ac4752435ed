import { createHash, createHmac } from "node:crypto";

/** What a request says about its own signature. */
export interface SignatureClaim {
  accessKeyId: string;
  /** "20261121", from the credential scope */
  date: string;
  region: string;
  service: string;
  /** "20261121T101500Z" */
  timestamp: string;
  signedHeaders: string[];
  signature: string;
  sessionToken: string | undefined;
  /** Seconds a presigned URL is good for; undefined when the signature is in a header. */
  expires: number | undefined;
}

/** The parts of a request that a signature covers. */
export interface SignedRequest {
  method: string;
  /** Percent-encoded, as sent, without the query. */
  path: string;
  /** As sent, without the question mark. */
  rawQuery: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  body: Buffer | string;
}

const algorithm = "AWS4-HMAC-SHA256";

function parseScope(
  credential: string,
): { accessKeyId: string; date: string; region: string; service: string } | undefined {
  const parts = credential.split("/");
  if (parts.length < 5 || parts.at(-1) !== "aws4_request") return undefined;
  const [date, region, service] = parts.slice(-4) as [string, string, string, string];
  return { accessKeyId: parts.slice(0, -4).join("/"), date, region, service };
}

function claimFromHeader(headers: Readonly<Record<string, string>>): SignatureClaim | undefined {
  const authorization = headers["authorization"];
  if (!authorization?.startsWith(`${algorithm} `)) return undefined;
  const fields = new Map(
    authorization
      .slice(algorithm.length + 1)
      .split(",")
      .map((field) => {
        const [name = "", ...value] = field.trim().split("=");
        return [name, value.join("=")] as const;
      }),
  );
  const scope = parseScope(fields.get("Credential") ?? "");
  if (!scope) return undefined;
  return {
    ...scope,
    timestamp: headers["x-amz-date"] ?? "",
    signedHeaders: (fields.get("SignedHeaders") ?? "").split(";"),
    signature: fields.get("Signature") ?? "",
    sessionToken: headers["x-amz-security-token"],
    expires: undefined,
  };
}

function claimFromQuery(query: URLSearchParams): SignatureClaim | undefined {
  if (query.get("X-Amz-Algorithm") !== algorithm) return undefined;
  const scope = parseScope(query.get("X-Amz-Credential") ?? "");
  if (!scope) return undefined;
  return {
    ...scope,
    timestamp: query.get("X-Amz-Date") ?? "",
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    sessionToken: query.get("X-Amz-Security-Token") ?? undefined,
    expires: Number(query.get("X-Amz-Expires") ?? "0"),
  };
}

/** Reads the signature of a request, from its Authorization header or its presigned query. */
export function readClaim(
  headers: Readonly<Record<string, string>>,
  query: URLSearchParams,
): SignatureClaim | undefined {
  return claimFromHeader(headers) ?? claimFromQuery(query);
}

/** Milliseconds since the epoch of an X-Amz-Date, or NaN. */
export function parseTimestamp(timestamp: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (!match) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year ?? ""}-${month ?? ""}-${day ?? ""}T${hour ?? ""}:${minute ?? ""}:${second ?? ""}Z`);
}

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function canonicalPath(path: string, service: string): string {
  const segments = (path === "" ? "/" : path).split("/");
  // S3 signs the path encoded once, every other service signs what was sent encoded a second time.
  return segments.map((segment) => percentEncode(service === "s3" ? safeDecode(segment) : segment)).join("/");
}

function canonicalQuery(rawQuery: string): string {
  return rawQuery
    .split("&")
    .filter((pair) => pair !== "" && !pair.startsWith("X-Amz-Signature="))
    .map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [percentEncode(safeDecode(name)), percentEncode(safeDecode(value.join("=")))] as const;
    })
    .sort(([a, av], [b, bv]) => (a === b ? (av < bv ? -1 : av > bv ? 1 : 0) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function sha256(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Buffer | string, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

function payloadHash(request: SignedRequest, claim: SignatureClaim): string {
  const said = request.headers["x-amz-content-sha256"];
  // "UNSIGNED-PAYLOAD" and "STREAMING-…" stand for themselves; a hash must be that of the body.
  if (said !== undefined && !/^[0-9a-f]{64}$/.test(said)) return said;
  return claim.expires !== undefined && claim.service === "s3" ? "UNSIGNED-PAYLOAD" : sha256(request.body);
}

/** The Signature Version 4 that the holder of `secret` would have put on this request. */
export function expectedSignature(request: SignedRequest, claim: SignatureClaim, secret: string): string {
  const payload = payloadHash(request, claim);
  const headers = claim.signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? "").trim().replace(/\s+/g, " ")}\n`,
  );
  const canonical = [
    request.method,
    canonicalPath(request.path, claim.service),
    canonicalQuery(request.rawQuery),
    headers.join(""),
    claim.signedHeaders.join(";"),
    payload,
  ].join("\n");
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  const toSign = [algorithm, claim.timestamp, scope, sha256(canonical)].join("\n");
  const key = [claim.date, claim.region, claim.service, "aws4_request"].reduce<Buffer | string>(hmac, `AWS4${secret}`);
  return hmac(key, toSign).toString("hex");
}
