import { expect, test } from "vitest";
import { withPodIdentity } from "../../../src/steps/pod-identity.ts";
import { fakeExec, type ExpectedCall } from "../../helpers/fake-exec.ts";

const place = {
  target: { kubeconfig: "/deployment/kubeconfig", context: "hubctl-dandihub" },
  pods: { namespace: "kube-system", selector: "app.kubernetes.io/name=karpenter" },
};

function pods(...items: { name: string; env: string[] }[]): ExpectedCall {
  const list = items.map(({ name, env }) => ({
    metadata: { name },
    spec: { containers: [{ env: env.map((variable) => ({ name: variable })) }] },
  }));
  const args = expect.arrayContaining(["get", "pods", place.pods.selector]) as unknown as string[];
  return { command: { file: "kubectl", args }, stdout: JSON.stringify({ items: list }) };
}

function deletionOf(name: string): ExpectedCall {
  const args = expect.arrayContaining(["delete", "pod", name, "kube-system"]) as unknown as string[];
  return { command: { file: "kubectl", args } };
}

/** Work that lasts for some rounds of watching. */
function rounds(count: number) {
  let end: () => void = () => undefined;
  const work = new Promise<void>((resolve) => (end = resolve));
  let left = count;
  const wait = (_seconds: number, signal?: AbortSignal) => {
    left -= 1;
    if (left > 0) return Promise.resolve();
    end();
    if (signal?.aborted) return Promise.resolve();
    return new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
  };
  return { work: () => work, wait };
}

function report() {
  const notes: string[] = [];
  return { notes, progress: () => undefined, note: (text: string) => void notes.push(text) };
}

test("a pod that was admitted without credentials is restarted once, and told", async () => {
  const exec = fakeExec([
    pods({ name: "karpenter-1", env: [] }, { name: "karpenter-2", env: ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] }),
    deletionOf("karpenter-1"),
    pods({ name: "karpenter-1", env: [] }),
    pods({ name: "karpenter-3", env: ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] }),
  ]);
  const { work, wait } = rounds(3);
  const told = report();
  await withPodIdentity({ exec }, { ...place, report: told }, work, wait);
  exec.expectAllCalled();
  expect(told.notes).toEqual(["restarting karpenter-1 (1/6): its Pod Identity had not spread when it started"]);
});

test("before there is a pod, nothing is restarted", async () => {
  const exec = fakeExec([{ command: { file: "kubectl" }, stdout: "" }]);
  const { work, wait } = rounds(1);
  await withPodIdentity({ exec }, { ...place, report: report() }, work, wait);
  exec.expectAllCalled();
});

test("an API server that does not answer the watch does not end the work", async () => {
  const exec = fakeExec([
    { command: { file: "kubectl" }, exitCode: 1, stderr: "Unable to connect to the server: EOF" },
  ]);
  const { work, wait } = rounds(1);
  await withPodIdentity({ exec }, { ...place, report: report() }, work, wait);
  exec.expectAllCalled();
});

test("a failure of the work is what is told", async () => {
  const exec = fakeExec([pods()]);
  const failing = () => Promise.reject(new Error("context deadline exceeded"));
  const { wait } = rounds(1);
  await expect(withPodIdentity({ exec }, { ...place, report: report() }, failing, wait)).rejects.toThrow("deadline");
});
