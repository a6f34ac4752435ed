import { expect, it } from "vitest";
import { isMime, nodeUserData, type NodeUserData } from "../../../sandbox/aws/eks/node-user-data.ts";
import { readNodeConfig } from "../../../sandbox/kubelet/node-config.ts";

const options: NodeUserData = {
  cluster: "demo",
  endpoint: "https://127.0.0.1:6443",
  certificateAuthority: "Y2E=",
  serviceIpv4Cidr: "172.20.0.0/16",
  labels: { "eks.amazonaws.com/nodegroup": "core", purpose: "hub" },
  taints: [
    { key: "dedicated", value: "core", effect: "NO_SCHEDULE" },
    { key: "slow", effect: "PREFER_NO_SCHEDULE" },
  ],
};

it("tells nodeadm the cluster, and the kubelet labels and taints", () => {
  expect(readNodeConfig(nodeUserData(options))).toEqual({
    cluster: "demo",
    endpoint: "https://127.0.0.1:6443",
    labels: options.labels,
    taints: [
      { key: "dedicated", value: "core", effect: "NoSchedule" },
      { key: "slow", effect: "PreferNoSchedule" },
    ],
    maxPods: undefined,
  });
  expect(nodeUserData(options)).toContain("172.20.0.10");
});

it("keeps the parts of the launch template's own user data before EKS' part", () => {
  const custom = [
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="XX"',
    "",
    "--XX",
    'Content-Type: text/x-shellscript; charset="us-ascii"',
    "",
    "#!/bin/sh",
    "echo hello",
    "--XX",
    "Content-Type: application/node.eks.aws",
    "",
    "apiVersion: node.eks.aws/v1alpha1",
    "kind: NodeConfig",
    "spec: {kubelet: {config: {maxPods: 58}}}",
    "--XX--",
  ].join("\r\n");
  const userData = nodeUserData({ ...options, custom });
  expect(userData.indexOf("echo hello")).toBeLessThan(userData.indexOf("apiServerEndpoint"));
  expect(readNodeConfig(userData)).toMatchObject({ cluster: "demo", maxPods: 58 });
});

it.each([
  ["#!/bin/sh\necho hello\n", false],
  ["", false],
  ['MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="//"\n\n--//--\n', true],
])("knows MIME user data from other", (userData, expected) => {
  expect(isMime(userData)).toBe(expected);
});
