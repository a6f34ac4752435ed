import { describe, expect, it } from "vitest";
import {
  applyCommand,
  clientVersionCommand,
  getCommand,
  parseClientVersion,
  parseNodes,
  parsePods,
  parseServerVersion,
  parseServiceAddress,
  rolloutStatusCommand,
  serverVersionCommand,
  waitCommand,
} from "../../../src/tools/kubectl.ts";

const target = { kubeconfig: "/deployment/kubeconfig", context: "dandihub" };
const where = ["--kubeconfig", "/deployment/kubeconfig", "--context", "dandihub"];

describe("the builders of kubectl's commands", () => {
  it.each([
    [
      "get of one",
      getCommand(target, { resource: "service", name: "proxy-public", namespace: "jupyterhub" }),
      [
        "get",
        "service",
        "proxy-public",
        "--namespace",
        "jupyterhub",
        "--ignore-not-found",
        "--output",
        "json",
        "--request-timeout=30s",
        ...where,
      ],
    ],
    [
      "get of many",
      getCommand(target, { resource: "nodes", selector: "a=b" }),
      [
        "get",
        "nodes",
        "--selector",
        "a=b",
        "--ignore-not-found",
        "--output",
        "json",
        "--request-timeout=30s",
        ...where,
      ],
    ],
    [
      "wait",
      waitCommand(target, { resource: "nodes", condition: "condition=Ready", selector: "a=b", timeoutSeconds: 60 }),
      ["wait", "nodes", "--for", "condition=Ready", "--selector", "a=b", "--timeout=60s", ...where],
    ],
    [
      "rollout status",
      rolloutStatusCommand(target, { resource: "deployment/hub", namespace: "jupyterhub", timeoutSeconds: 60 }),
      ["rollout", "status", "deployment/hub", "--namespace", "jupyterhub", "--timeout=60s", ...where],
    ],
    ["version", serverVersionCommand(target), ["version", "--output", "json", "--request-timeout=30s", ...where]],
  ])("%s names kubeconfig and context", (_, command, args) => {
    expect(command).toMatchObject({ file: "kubectl", args, env: { KUBECONFIG: "/deployment/kubeconfig" } });
  });

  it("applies objects from standard input", () => {
    const command = applyCommand(target, [{ kind: "Namespace" }]);
    expect(command.args.slice(0, 6)).toEqual([
      "apply",
      "--server-side",
      "--field-manager",
      "hubctl",
      "--filename",
      "-",
    ]);
    expect(JSON.parse(command.input!)).toEqual({ apiVersion: "v1", kind: "List", items: [{ kind: "Namespace" }] });
  });

  it("asks for its own version without a cluster", () => {
    expect(clientVersionCommand().args).toEqual(["version", "--client", "--output", "json"]);
  });
});

describe("the parsers of kubectl's answers", () => {
  it("reads versions", () => {
    const text =
      '{"clientVersion":{"major":"1","gitVersion":"v1.36.3"},"serverVersion":{"gitVersion":"v1.36.1-eks-a1"}}';
    expect(parseClientVersion(text)).toBe("v1.36.3");
    expect(parseServerVersion(text)).toBe("v1.36.1-eks-a1");
  });

  it("reads nodes and whether they are ready", () => {
    const node = (name: string, status?: string) => ({
      metadata: { name, labels: { zone: "a" } },
      status:
        status === undefined
          ? {}
          : {
              conditions: [
                { type: "MemoryPressure", status: "False" },
                { type: "Ready", status },
              ],
            },
    });
    const text = JSON.stringify({ items: [node("a", "True"), node("b", "Unknown"), node("c")] });
    expect(parseNodes(text)).toEqual([
      { name: "a", labels: { zone: "a" }, isReady: true },
      { name: "b", labels: { zone: "a" }, isReady: false },
      { name: "c", labels: { zone: "a" }, isReady: false },
    ]);
    expect(parseNodes('{"items":[]}')).toEqual([]);
  });

  it("reads pods and what they wait for", () => {
    const pod = (name: string, status: object) => ({ metadata: { name, namespace: "jupyterhub" }, status });
    const text = JSON.stringify({
      items: [
        pod("running", { phase: "Running", conditions: [{ type: "Ready", status: "True" }] }),
        pod("pulling", {
          phase: "Pending",
          containerStatuses: [{ state: { running: {} } }, { state: { waiting: { reason: "ImagePullBackOff" } } }],
        }),
        pod("queued", {
          phase: "Pending",
          conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
        }),
        pod("new", {}),
      ],
    });
    expect(parsePods(text)).toEqual([
      { name: "running", namespace: "jupyterhub", phase: "Running", isReady: true },
      { name: "pulling", namespace: "jupyterhub", phase: "Pending", isReady: false, waitingFor: "ImagePullBackOff" },
      { name: "queued", namespace: "jupyterhub", phase: "Pending", isReady: false, waitingFor: "Unschedulable" },
      { name: "new", namespace: "jupyterhub", phase: "Unknown", isReady: false },
    ]);
  });

  it.each([
    ["no Service", "", undefined],
    ["a Service that is new", '{"status":{"loadBalancer":{}}}', undefined],
    ["a Service without a status", "{}", undefined],
    ["an empty list", '{"status":{"loadBalancer":{"ingress":[]}}}', undefined],
    ["a name", '{"status":{"loadBalancer":{"ingress":[{"hostname":"a.elb.amazonaws.com"}]}}}', "a.elb.amazonaws.com"],
    ["an address", '{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}', "192.0.2.1"],
  ])("reads the address of %s", (_, text, address) => {
    expect(parseServiceAddress(text)).toBe(address);
  });
});
