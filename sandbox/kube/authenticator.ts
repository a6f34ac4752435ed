import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Principal } from "../aws/types.ts";
import { readLoginToken } from "./login-token.ts";

export interface ClusterUser {
  username: string;
  groups: readonly string[];
}

export interface AuthenticatorOptions {
  cluster: string;
  region: string;
  /** Checks the signature of a presigned URL and tells whose it is; throws if it is not valid. */
  verifyPresigned(url: string, signedHeaders: Readonly<Record<string, string>>): Principal;
  /** The cluster's access entries and aws-auth; undefined for somebody without access. */
  identityFor(principal: Principal): ClusterUser | undefined | Promise<ClusterUser | undefined>;
  /** Told of each refusal, with its reason, which the caller of the API server never learns. */
  onRefusal?(reason: string): void;
}

export interface Authenticator {
  /** Where the API server sends its TokenReviews. */
  url: string;
  stop(): Promise<void>;
}

/** The webhook that EKS runs beside its API server: turns a presigned STS request into a Kubernetes user. */
export async function startAuthenticator(options: AuthenticatorOptions): Promise<Authenticator> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      options.onRefusal?.(`the review could not be read: ${String(error)}`);
      response.writeHead(400).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/authenticate`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  options: AuthenticatorOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const review = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { apiVersion: string; spec: { token: string } };
  const status = await authenticate(options, review.spec.token);
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: "TokenReview", status }));
}

/** The status of a TokenReview. */
export async function authenticate(options: AuthenticatorOptions, token: string): Promise<object> {
  try {
    const url = readLoginToken(token, options.region);
    const principal = options.verifyPresigned(url, { "x-k8s-aws-id": options.cluster });
    const user = await options.identityFor(principal);
    if (user === undefined) throw new Error(`${principal.arn} has no access to ${options.cluster}`);
    return {
      authenticated: true,
      user: {
        username: user.username,
        uid: `aws-iam-authenticator:${principal.account}:${principal.userId.split(":")[0] ?? ""}`,
        groups: user.groups,
        extra: {
          arn: [principal.arn],
          canonicalArn: [canonicalArn(principal.arn)],
          sessionName: [principal.userId.split(":")[1] ?? ""],
          principalId: [principal.userId.split(":")[0] ?? ""],
        },
      },
    };
  } catch (error) {
    options.onRefusal?.(error instanceof Error ? error.message : String(error));
    return { authenticated: false };
  }
}

/** The role of a session: "arn:aws:sts::1:assumed-role/R/session" -> "arn:aws:iam::1:role/R"; others as they are. */
function canonicalArn(arn: string): string {
  const session = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/.exec(arn);
  if (session === null) return arn;
  const [, partition = "", account = "", role = ""] = session;
  return `arn:${partition}:iam::${account}:role/${role}`;
}
