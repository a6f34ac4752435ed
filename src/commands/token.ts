import { loginCredentials, type Login } from "../aws/login.ts";
import { signClusterToken } from "../aws/token.ts";
import { UserError } from "../errors.ts";

export interface TokenOptions extends Login {
  cluster: string;
  region: string;
}

/**
 * Prints an ExecCredential for kubectl and Helm, and nothing else on standard output.
 * https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
 */
export async function token(options: TokenOptions, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { token, expires } = await signClusterToken(options, loginCredentials(options, options.region));
  return JSON.stringify({
    kind: "ExecCredential",
    apiVersion: requestedVersion(env["KUBERNETES_EXEC_INFO"]),
    spec: {},
    status: { token, expirationTimestamp: expires.toISOString().replace(/\.\d+Z$/, "Z") },
  });
}

const versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/**
 * kubectl and Helm say in KUBERNETES_EXEC_INFO which version they want to read. Read without zod: this starts with
 * every call of kubectl, and loading zod would make it a third slower.
 */
function requestedVersion(info: string | undefined): string {
  if (info === undefined || info === "") return "client.authentication.k8s.io/v1beta1";
  const version = apiVersionIn(info);
  if (version !== undefined) return version;
  throw new UserError(
    "ExecInfoInvalid",
    "KUBERNETES_EXEC_INFO does not ask for a credential version that hubctl knows",
    { hint: "use kubectl 1.24 or newer" },
  );
}

function apiVersionIn(info: string): string | undefined {
  try {
    const asked = (JSON.parse(info) as { apiVersion?: unknown } | null)?.apiVersion;
    return versions.find((version) => version === asked);
  } catch {
    return undefined;
  }
}
