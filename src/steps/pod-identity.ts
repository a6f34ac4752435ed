import { waitSeconds, type Wait } from "../engine/retry.ts";
import type { Report } from "../engine/step.ts";
import { CommandError } from "../tools/exec.ts";
import { deletePodCommand, getCommand, parsePods } from "../tools/kubectl.ts";
import type { KubeTarget } from "../tools/helm.ts";
import type { Installation } from "./installation.ts";

export interface PodIdentityPods {
  namespace: string;
  selector: string;
}

const everySeconds = 3;
const mostRestarts = 6;
const credentialsVariable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/**
 * Does `work`, and meanwhile restarts pods that were admitted before their Pod Identity association had spread: what
 * EKS did not put into a pod at its admission never comes by itself.
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
 */
export async function withPodIdentity(
  { exec }: Pick<Installation, "exec">,
  place: { target: KubeTarget; pods: PodIdentityPods; report: Report },
  work: () => Promise<unknown>,
  wait: Wait = waitSeconds,
): Promise<void> {
  const { target, pods, report } = place;
  const over = new AbortController();
  const restarted = new Set<string>();
  const restart = async (): Promise<void> => {
    const { stdout } = await exec(getCommand(target, { resource: "pods", ...pods }));
    const without = parsePods(stdout).filter(({ name, variables }) => {
      return !variables.includes(credentialsVariable) && !restarted.has(name);
    });
    for (const { name } of without.slice(0, mostRestarts - restarted.size)) {
      restarted.add(name);
      report.note(
        `restarting ${name} (${restarted.size}/${mostRestarts}): its Pod Identity had not spread when it started`,
      );
      await exec(deletePodCommand(target, { name, namespace: pods.namespace }));
    }
  };
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      // What is wrong with the API server is for the work itself to tell.
      await restart().catch(ignoreCommandError);
      await wait(everySeconds, over.signal).catch(() => undefined);
    }
  };
  const [worked, watched] = await Promise.allSettled([work().finally(() => over.abort()), watch()]);
  for (const end of [worked, watched]) if (end.status === "rejected") throw end.reason;
}

function ignoreCommandError(error: unknown): void {
  if (!(error instanceof CommandError)) throw error;
}
