import { describe, expect, it } from "vitest";
import {
  clientVersionCommand,
  getCommand,
  parseClientVersion,
  parseNodes,
  parseServiceAddress,
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
  ])("%s names kubeconfig and context", (_, command, args) => {
    expect(command).toMatchObject({ file: "kubectl", args, env: { KUBECONFIG: "/deployment/kubeconfig" } });
  });

  it("asks for its own version without a cluster", () => {
    expect(clientVersionCommand().args).toEqual(["version", "--client", "--output", "json"]);
  });
});

describe("the parsers of kubectl's answers", () => {
  it("reads its own version", () => {
    expect(parseClientVersion('{"clientVersion":{"major":"1","gitVersion":"v1.36.3"}}')).toBe("v1.36.3");
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
