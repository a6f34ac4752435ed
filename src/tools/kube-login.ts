import type { Command, Exec } from "./exec.ts";

const tokenVariable = "HUBCTL_EXEC_CREDENTIAL";

/**
 * The login program of a kubeconfig for commands `withToken`: prints the credential that is in its environment. To
 * start Node for each call, as `hubctl token` does, takes longer than most calls themselves.
 */
export const tokenFromEnvironment: readonly [string, ...string[]] = ["printenv", tokenVariable];

/** A call of kubectl or Helm that is to end before the token does, in a quarter of an hour. */
export function withToken(command: Command, token: string): Command {
  const credential = JSON.stringify({
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: {},
    status: { token },
  });
  const secrets = [...(command.secrets ?? []), token];
  return { ...command, env: { ...command.env, [tokenVariable]: credential }, secrets };
}

/** Gives each call that goes to a cluster a token of its own. */
export function withTokens(exec: Exec, sign: () => Promise<{ token: string }>): Exec {
  return async (command, options) => {
    const isForCluster = command.env?.["KUBECONFIG"] !== undefined;
    return exec(isForCluster ? withToken(command, (await sign()).token) : command, options);
  };
}
