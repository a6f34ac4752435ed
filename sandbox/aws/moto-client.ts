import { Agent, request as httpRequest } from "node:http";
import type { AwsResponse } from "./types.ts";
import type { ReceivedRequest } from "./received.ts";

/** Headers that belong to one connection and must not be passed on. */
const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "expect",
  "proxy-connection",
  "content-length",
]);

export interface RawRequest {
  method: string;
  /** With the query. */
  url: string;
  headers: Record<string, string>;
  body: Buffer | string;
  account: string;
}

function passable(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || connectionHeaders.has(name) ? [] : [[name, String(value)]],
    ),
  );
}

/** Talks to moto, which believes every signature and takes the account from a header. */
export class MotoClient {
  readonly endpoint: URL;
  readonly #agent = new Agent({ keepAlive: false });

  constructor(endpoint: string) {
    this.endpoint = new URL(endpoint);
  }

  forward(request: ReceivedRequest, body: Buffer | string = request.body): Promise<AwsResponse> {
    return this.send({
      method: request.method,
      url: request.rawQuery === "" ? request.path : `${request.path}?${request.rawQuery}`,
      // What AWS itself does on the account's behalf may do more than the account may.
      headers: { ...passable(request.headers), "x-sandbox-internal": request.internal ? "yes" : "no" },
      body,
      account: request.caller.account,
    });
  }

  /** A call of the query protocol (EC2, IAM, STS, load balancing) that nobody signed: a look behind the scenes. */
  async query(
    call: { service: string; region: string; account: string },
    action: string,
    parameters: Record<string, string>,
    version = versions[call.service] ?? "",
  ): Promise<AwsResponse> {
    return this.send({
      method: "POST",
      url: "/",
      headers: {
        ...unverified(call),
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      },
      body: new URLSearchParams({ Action: action, Version: version, ...parameters }).toString(),
      account: call.account,
    });
  }

  /** A call of the JSON protocols; `target` is the X-Amz-Target header. */
  async json(
    call: { service: string; region: string; account: string },
    target: string,
    parameters: unknown,
  ): Promise<AwsResponse> {
    return this.send({
      method: "POST",
      url: "/",
      headers: { ...unverified(call), "x-amz-target": target, "content-type": "application/x-amz-json-1.1" },
      body: JSON.stringify(parameters),
      account: call.account,
    });
  }

  send(raw: RawRequest): Promise<AwsResponse> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        {
          agent: this.#agent,
          host: this.endpoint.hostname,
          port: this.endpoint.port,
          method: raw.method,
          path: raw.url,
          headers: {
            ...raw.headers,
            "x-moto-account-id": raw.account,
            "content-length": Buffer.byteLength(raw.body),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            resolve({
              status: incoming.statusCode ?? 502,
              headers: { ...passable(incoming.headers), ...lengthOfHead(raw.method, incoming.headers) },
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(raw.body);
    });
  }

  stop(): void {
    this.#agent.destroy();
  }
}

/** HEAD has no body, so its length is known from the header alone. */
function lengthOfHead(method: string, headers: { "content-length"?: string | undefined }): Record<string, string> {
  const length = headers["content-length"];
  return method === "HEAD" && length !== undefined ? { "content-length": length } : {};
}

const versions: Record<string, string> = {
  ec2: "2016-11-15",
  iam: "2010-05-08",
  sts: "2011-06-15",
  elasticloadbalancing: "2015-12-01",
  autoscaling: "2011-01-01",
};

function unverified(call: { service: string; region: string }): Record<string, string> {
  const scope = `AKIAIOSFODNN7EXAMPLE/20261101/${call.region}/${call.service}/aws4_request`;
  return { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none` };
}
