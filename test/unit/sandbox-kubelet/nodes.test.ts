import { describe, expect, test } from "vitest";
import { AddressPool } from "../../../sandbox/kubelet/addresses.ts";
import { capacityOf } from "../../../sandbox/kubelet/capacity.ts";
import { readNodeConfig } from "../../../sandbox/kubelet/node-config.ts";
import { csiNodeDrivers, nodeConditions } from "../../../sandbox/kubelet/node-objects.ts";
import type { NodeInstance } from "../../../sandbox/kubelet/dependencies.ts";

const hardware = { cpus: 4, memoryMib: 16384, arch: "amd64", gpus: 1, maxPods: 58 } as const;
const instance: NodeInstance = {
  id: "i-1",
  type: "g4dn.xlarge",
  hardware,
  zone: "us-east-2a",
  privateDns: "ip-10-0-0-5.us-east-2.compute.internal",
  privateIp: "10.0.0.5",
  vpcId: "vpc-1",
  subnetId: "subnet-1",
  subnetCidr: "10.0.0.0/24",
  roleArn: undefined,
  userData: "",
  imageId: "ami-0123456789abcdef0",
};

const clusterPart = `apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: demo
    apiServerEndpoint: https://127.0.0.1:1
    certificateAuthority: Y2E=
    cidr: 10.100.0.0/16
  kubelet:
    config:
      maxPods: 17
      registerWithTaints:
        - {key: karpenter.sh/unregistered, effect: NoExecute}
    flags:
      - --node-labels="a=1,example.org/b=x"
`;

describe("user data", () => {
  test("of several parts gives labels, taints and limits of all NodeConfigs", () => {
    const userData = [
      "MIME-Version: 1.0",
      'Content-Type: multipart/mixed; boundary="//"',
      "",
      "--//",
      'Content-Type: text/x-shellscript; charset="us-ascii"',
      "",
      "#!/bin/sh",
      "--//",
      "Content-Type: application/node.eks.aws",
      "",
      "kind: NodeConfig\nspec: {kubelet: {flags: ['--register-with-taints=hub=user:NoSchedule']}}",
      "--//",
      "Content-Type: application/node.eks.aws",
      "",
      `# written by a program\n${clusterPart}`,
      "--//--",
    ].join("\n");
    expect(readNodeConfig(userData)).toEqual({
      cluster: "demo",
      endpoint: "https://127.0.0.1:1",
      labels: { a: "1", "example.org/b": "x" },
      taints: [
        { key: "hub", value: "user", effect: "NoSchedule" },
        { key: "karpenter.sh/unregistered", effect: "NoExecute" },
      ],
      maxPods: 17,
    });
  });

  test("may be one plain document", () => {
    expect(readNodeConfig(clusterPart)?.cluster).toBe("demo");
  });

  test("without the certificate authority is no NodeConfig, as nodeadm judges", () => {
    expect(readNodeConfig(clusterPart.replace(/.*certificateAuthority.*\n/, ""))).toBeUndefined();
    expect(readNodeConfig("#!/bin/sh\n/etc/eks/bootstrap.sh demo\n")).toBeUndefined();
  });
});

describe("capacity", () => {
  test("leaves less for pods than there is", () => {
    const { capacity, allocatable } = capacityOf(hardware);
    expect(capacity).toMatchObject({ cpu: "4", memory: "15155Mi", pods: "58" });
    expect(allocatable).toMatchObject({ cpu: "3920m", memory: "14162Mi" });
  });

  test("has GPUs only once the device plugin runs", () => {
    expect(capacityOf(hardware).capacity).not.toHaveProperty("nvidia.com/gpu");
    expect(capacityOf(hardware, 58, true).allocatable).toHaveProperty(["nvidia.com/gpu"], "1");
  });
});

describe("addresses", () => {
  test("are those of the subnet that AWS doesn't keep, each given once", () => {
    const pool = new AddressPool("10.0.0.0/28");
    pool.reserve("10.0.0.5");
    const taken = Array.from({ length: 11 }, () => pool.take());
    expect(taken.at(-1)).toBeUndefined();
    expect(new Set(taken.slice(0, -1)).size).toBe(10);
    for (const reserved of ["10.0.0.0", "10.0.0.3", "10.0.0.5", "10.0.0.15"]) expect(taken).not.toContain(reserved);
    pool.release("10.0.0.9");
    expect(pool.take()).toBe("10.0.0.9");
  });
});

describe("a node", () => {
  test("is not ready without its network, and keeps the time of the last change", () => {
    const before = nodeConditions(false, "2026-01-01T00:00:00Z", []);
    expect(before.find(({ type }) => type === "Ready")).toMatchObject({ status: "False", reason: "KubeletNotReady" });
    const after = nodeConditions(true, "2026-01-02T00:00:00Z", before);
    expect(after.find(({ type }) => type === "Ready")).toMatchObject({
      status: "True",
      lastTransitionTime: "2026-01-02T00:00:00Z",
    });
    expect(after.find(({ type }) => type === "DiskPressure")).toMatchObject({
      lastTransitionTime: "2026-01-01T00:00:00Z",
      lastHeartbeatTime: "2026-01-02T00:00:00Z",
    });
  });

  test("has the CSI drivers whose node pods run on it", () => {
    expect(csiNodeDrivers(instance, { ebs: false, efs: false })).toEqual([]);
    expect(csiNodeDrivers(instance, { ebs: true, efs: true })).toMatchObject([
      {
        name: "ebs.csi.aws.com",
        nodeID: "i-1",
        topologyKeys: expect.arrayContaining(["topology.ebs.csi.aws.com/zone"]) as string[],
      },
      { name: "efs.csi.aws.com", nodeID: "i-1" },
    ]);
  });
});
