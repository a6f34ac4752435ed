import { createWriteStream } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { errorAnswer, refusalAnswer, unimplementedAnswer } from "./answers.ts";
import { AuthenticationRefused, Identities } from "./identities.ts";
import type { IssuedCredentials } from "./identities.ts";
import { MotoClient } from "./moto-client.ts";
import { Notes } from "./notes.ts";
import { createOverrides } from "./overrides/index.ts";
import type { Override, ReceivedRequest } from "./received.ts";
import { OperationNames } from "./service-models.ts";
import { readClaim } from "./signature.ts";
import type { AwsResponse, Handler } from "./types.ts";

export interface FrontOptions {
  /** "http://127.0.0.1:PORT" of moto. */
  moto: string;
  account: string;
  region: string;
  /** File to which every call is appended, one JSON object a line. */
  callLog: string;
  /** Folder of botocore's service models, to name the operations of REST services. */
  serviceModels?: string;
  /** 0 or none: the system chooses. */
  port?: number;
  identities?: Identities;
  notes?: Notes;
  /** Folder of what lies on file systems and disks; beside the log, unless it is said. */
  volumes?: string;
}

/** The one HTTP endpoint of the simulated AWS. */
export interface Front {
  /** What AWS_ENDPOINT_URL is set to. */
  url: string;
  identities: Identities;
  /** Credentials of the sandbox's own parts (what AWS does on the account's behalf). */
  internal: IssuedCredentials;
  /** Gives every call of a service ("eks") to a handler, before the overrides and moto. */
  route(service: string, handler: Handler): void;
  stop(): Promise<void>;
}

/** One line of the call log. */
export interface CallRecord {
  time: string;
  service: string;
  action: string;
  region: string;
  caller: string;
  account: string;
  internal: boolean;
  status: number;
  ms: number;
  /** The error's code, where there was one. */
  error?: string;
}

export async function startFront(options: FrontOptions): Promise<Front> {
  const identities = options.identities ?? new Identities();
  const internal = identities.issue({
    account: options.account,
    arn: `arn:aws:iam::${options.account}:role/aws-service-role/sandbox.amazonaws.com/Sandbox`,
  });
  const moto = new MotoClient(options.moto);
  const names = new OperationNames(options.serviceModels);
  const overrides = createOverrides({
    moto,
    identities,
    notes: options.notes ?? new Notes(),
    account: options.account,
    region: options.region,
    volumes: options.volumes ?? join(dirname(options.callLog), "volumes"),
  });
  const routes = new Map<string, Handler>();
  const calls = createWriteStream(options.callLog, { flags: "a", mode: 0o600 });

  const answer = async (request: ReceivedRequest): Promise<AwsResponse> => {
    const chain: Override[] = [async (call) => routes.get(call.service)?.(call), ...overrides];
    for (const handler of chain) {
      const response = await handler(request);
      if (response) return response;
    }
    return tellUnimplemented(request, await moto.forward(request));
  };

  const server = createServer((incoming, outgoing) => {
    const started = performance.now();
    receive(incoming, { identities, names, internal })
      .then(async (received) => {
        const response =
          "status" in received ? received : await answer(received).catch((error: unknown) => failed(received, error));
        send(outgoing, incoming.method ?? "GET", response);
        if ("status" in received) return;
        calls.write(`${JSON.stringify(record(received, response, performance.now() - started))}\n`);
      })
      .catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    identities,
    internal,
    route: (service, handler) => routes.set(service, handler),
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      moto.stop();
      await new Promise<void>((resolve) => calls.end(resolve));
    },
  };
}

interface Reception {
  identities: Identities;
  names: OperationNames;
  internal: IssuedCredentials;
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function actionOf(
  headers: Record<string, string>,
  query: URLSearchParams,
  path: string,
  body: Buffer,
): string | undefined {
  const target = headers["x-amz-target"];
  if (target !== undefined) return target.split(".").at(-1);
  const inQuery = query.get("Action");
  if (inQuery !== null) return inQuery;
  if (headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    return new URLSearchParams(body.toString("utf8")).get("Action") ?? undefined;
  }
  return /^\/service\/[^/]+\/operation\/([^/]+)$/.exec(path)?.[1];
}

/** The call and its caller, or the answer to a call that nobody known has signed. */
async function receive(incoming: IncomingMessage, reception: Reception): Promise<ReceivedRequest | AwsResponse> {
  const body = await readBody(incoming);
  const [path = "/", ...rest] = (incoming.url ?? "/").split("?");
  const rawQuery = rest.join("?");
  const query = new URLSearchParams(rawQuery);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  const method = incoming.method ?? "GET";
  const action = actionOf(headers, query, path, body);
  const claim = readClaim(headers, query);
  if (!claim) {
    const hints = { service: "", headers, query, action };
    return errorAnswer(hints, 403, "MissingAuthenticationToken", "Request is missing Authentication Token");
  }
  const { service, region } = claim;
  const operation = action ?? reception.names.nameOf(service, method, path, query) ?? `${method} ${path}`;
  try {
    const caller = reception.identities.authenticate(claim, { method, path, rawQuery, headers, body });
    const isInternal = claim.accessKeyId === reception.internal.accessKeyId;
    return {
      method,
      path,
      rawQuery,
      query,
      headers,
      body,
      service,
      region,
      action,
      operation,
      caller,
      internal: isInternal,
    };
  } catch (error) {
    if (!(error instanceof AuthenticationRefused)) throw error;
    return refusalAnswer({ service, headers, query, action }, error.reason, error.message);
  }
}

/** moto answers what it does not know with a 500 or a page of HTML; SDKs would retry that for minutes. */
function tellUnimplemented(request: ReceivedRequest, response: AwsResponse): AwsResponse {
  const isPage = (response.headers["content-type"] ?? "").startsWith("text/html");
  if (response.status < 500 && !(isPage && response.status === 404 && request.service !== "s3")) return response;
  return unimplementedAnswer(request);
}

function failed(request: ReceivedRequest, error: unknown): AwsResponse {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return errorAnswer(
    request,
    400,
    "SandboxFailure",
    `The sandbox failed at ${request.service}:${request.operation}: ${words}`,
  );
}

function send(outgoing: ServerResponse, method: string, response: AwsResponse): void {
  const headers = { ...response.headers };
  if (method !== "HEAD") headers["content-length"] = String(Buffer.byteLength(response.body));
  outgoing.writeHead(response.status, headers);
  outgoing.end(method === "HEAD" ? undefined : response.body);
}

function record(request: ReceivedRequest, response: AwsResponse, ms: number): CallRecord {
  const error =
    response.status < 400
      ? undefined
      : (response.headers["x-amzn-errortype"] ??
        /<Code>([^<]*)|"__type": ?"([^"]*)/.exec(response.body.toString())?.slice(1).find(Boolean));
  return {
    time: new Date().toISOString(),
    service: request.service,
    action: request.operation,
    region: request.region,
    caller: request.caller.arn,
    account: request.caller.account,
    internal: request.internal,
    status: response.status,
    ms: Math.round(ms),
    ...(error === undefined ? {} : { error }),
  };
}
