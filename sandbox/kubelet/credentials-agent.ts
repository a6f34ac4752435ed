import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeObject } from "../kube/client.ts";
import type { ControlPlane } from "../kube/types.ts";
import type { KubeletDependencies } from "./dependencies.ts";
import type { NodeKeeper } from "./nodes.ts";

interface TokenReview extends KubeObject {
  status?: {
    authenticated?: boolean;
    error?: string;
    user?: { username?: string; extra?: Record<string, string[]> };
  };
}

/** What the Pod Identity webhook writes into pods. */
export const podIdentityUri = "http://169.254.170.23/v1/credentials";
const audience = "pods.eks.amazonaws.com";

/** Stands in for the Pod Identity agents of all nodes: keys for the pod that a token proves, where an agent runs. */
export class CredentialsAgent {
  readonly #server: Server;
  readonly #plane: ControlPlane;
  readonly #dependencies: KubeletDependencies;
  readonly #nodes: NodeKeeper;

  private constructor(plane: ControlPlane, dependencies: KubeletDependencies, nodes: NodeKeeper) {
    this.#plane = plane;
    this.#dependencies = dependencies;
    this.#nodes = nodes;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => send(response, 500, String(error)));
    });
  }

  static async start(
    plane: ControlPlane,
    dependencies: KubeletDependencies,
    nodes: NodeKeeper,
  ): Promise<CredentialsAgent> {
    const agent = new CredentialsAgent(plane, dependencies, nodes);
    await new Promise<void>((resolve) => agent.#server.listen(0, "127.0.0.1", resolve));
    return agent;
  }

  /** What takes the place of podIdentityUri. */
  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/credentials`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = request.headers.authorization;
    if (request.url !== "/v1/credentials" || token === undefined) {
      send(response, 400, "Service account token cannot be empty");
      return;
    }
    const review = await this.#plane.kube.create<TokenReview>("/apis/authentication.k8s.io/v1/tokenreviews", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token, audiences: [audience] },
    });
    const { authenticated, user, error } = review.status ?? {};
    const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user?.username ?? "") ?? [];
    if (authenticated !== true || namespace === undefined || account === undefined) {
      send(response, 400, `[InvalidTokenException]: ${error ?? "The token included in the request is invalid"}`);
      return;
    }
    const nodeName = user?.extra?.["authentication.kubernetes.io/node-name"]?.[0] ?? "";
    if (this.#nodes.get(nodeName)?.equipment.identityAgent !== true) {
      // Nobody listens at the link-local address of that node.
      request.socket.destroy();
      return;
    }
    const credentials = await this.#dependencies.podIdentityCredentials(namespace, account);
    if (credentials === undefined) {
      send(
        response,
        404,
        `[ResourceNotFoundException]: No active Pod Identity association for ${namespace}/${account} in cluster ${this.#plane.cluster}`,
      );
      return;
    }
    const answer = {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      Token: credentials.sessionToken,
      AccountId: credentials.accountId,
      Expiration: credentials.expiration.toISOString(),
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain" }).end(text);
}
