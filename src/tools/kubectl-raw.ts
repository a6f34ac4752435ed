import { CommandError, type Command, type Exec } from "./exec.ts";
import type { KubeTarget } from "./helm.ts";
import { withToken } from "./kube-login.ts";

/** Requests to the API server itself: no discovery, no client-side defaults, and the server's own JSON as the answer. */
export interface RawApi {
  /** Undefined if there is no such object. */
  get(path: string): Promise<unknown>;
  create(path: string, object: object): Promise<unknown>;
  /** Refused with a conflict if the object has another resourceVersion by now. */
  replace(path: string, object: object): Promise<unknown>;
}

const timeout = "--request-timeout=15s";

function rawGetCommand(target: KubeTarget, path: string): Command {
  return raw(target, ["get", "--raw", path, timeout]);
}

function rawCreateCommand(target: KubeTarget, path: string, object: object): Command {
  return { ...raw(target, ["create", "--raw", path, "--filename", "-", timeout]), input: JSON.stringify(object) };
}

function rawReplaceCommand(target: KubeTarget, path: string, object: object): Command {
  return { ...raw(target, ["replace", "--raw", path, "--filename", "-", timeout]), input: JSON.stringify(object) };
}

function raw(target: KubeTarget, args: readonly string[]): Command {
  return {
    file: "kubectl",
    args: [...args, "--kubeconfig", target.kubeconfig, "--context", target.context],
    env: { KUBECONFIG: target.kubeconfig },
  };
}

/** The kubeconfig has to name `tokenFromEnvironment`. */
export function createRawApi(exec: Exec, target: KubeTarget, token: string): RawApi {
  const run = async (command: Command) => {
    const { stdout } = await exec(withToken(command, token));
    return JSON.parse(stdout) as unknown;
  };
  return {
    async get(path) {
      try {
        return await run(rawGetCommand(target, path));
      } catch (error) {
        if (refusalOf(error) === "NotFound") return undefined;
        throw error;
      }
    },
    create: (path, object) => run(rawCreateCommand(target, path, object)),
    replace: (path, object) => run(rawReplaceCommand(target, path, object)),
  };
}

export type Refusal = "Unauthorized" | "Forbidden" | "NotFound" | "Conflict" | "AlreadyExists";

/**
 * How the API server refused a request; undefined for all other failures. kubectl tells it by the reason of the
 * server's Status in brackets, and a refused login by a sentence of its own.
 * https://github.com/kubernetes/kubectl/blob/master/pkg/cmd/util/helpers.go
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof CommandError)) return undefined;
  if (/You must be logged in to the server|\(Unauthorized\)/.test(error.fullOutput)) return "Unauthorized";
  const reason = /Error from server \((\w+)\)/.exec(error.fullOutput)?.[1];
  const known: readonly Refusal[] = ["Forbidden", "NotFound", "Conflict", "AlreadyExists"];
  return known.find((one) => one === reason);
}
