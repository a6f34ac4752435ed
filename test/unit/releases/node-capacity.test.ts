import { describe, expect, test } from "vitest";
import { ebsCsiDriver, efsCsiDriver } from "../../../sandbox/eks-side/addon-objects/storage.ts";
import { kubeProxy, podIdentityAgent, vpcCni } from "../../../sandbox/eks-side/addon-objects/networking.ts";
import { capacityOf } from "../../../sandbox/kubelet/capacity.ts";
import { parseQuantity } from "../../../sandbox/kubelet/environment.ts";
import { findMachine } from "../../../src/releases/instance-types.ts";
import { shareOfNode } from "../../../src/releases/node-capacity.ts";

// As https://karpenter.sh/v1.14/reference/instance-types/ has them: vCPUs, MiB, pods; and what it says is left for pods.
test.each([
  ["m5.large", 2, 8192, 29],
  ["m5.xlarge", 4, 16384, 58],
  ["m6i.4xlarge", 16, 65536, 234],
  ["m7a.48xlarge", 192, 786432, 737],
  ["m8i.2xlarge", 8, 32768, 118],
  ["c5.9xlarge", 36, 73728, 234],
  ["c6i.xlarge", 4, 8192, 58],
  ["r6a.8xlarge", 32, 262144, 234],
  ["t3.large", 2, 8192, 35],
  ["g4dn.xlarge", 4, 16384, 29],
  ["g5.48xlarge", 192, 786432, 345],
  ["g6e.12xlarge", 48, 393216, 292],
])("%s is known", (type, vcpus, memoryMiB, maxPods) => {
  expect(findMachine(type)).toEqual({ vcpus, memoryGiB: memoryMiB / 1024, maxPods });
});

test.each(["m5.3xlarge", "m5.32xlarge", "g6.large", "z9.large", "m5", "", "constructor.large", "m5.toString"])(
  "%j is not",
  (type) => {
    expect(findMachine(type)).toBeUndefined();
  },
);

describe("a share of a node", () => {
  const context = { region: "us-east-2", configuration: {}, dnsAddress: "10.100.0.10" };
  const daemonSets = [vpcCni, kubeProxy, podIdentityAgent, ebsCsiDriver, efsCsiDriver]
    .flatMap((addon) => addon("v1", context as never) as DaemonSet[])
    .filter(({ kind }) => kind === "DaemonSet");

  interface DaemonSet {
    kind: string;
    spec: { template: { spec: { containers: { resources?: { requests?: Record<string, string> } }[] } } };
  }

  const requested = (resource: string) =>
    daemonSets
      .flatMap(({ spec }) => spec.template.spec.containers)
      .reduce((sum, { resources }) => sum + parseQuantity(resources?.requests?.[resource] ?? "0"), 0);

  test("leaves room for what runs on each node, which is no little", () => {
    expect(daemonSets).toHaveLength(5);
    expect(requested("cpu")).toBeGreaterThan(0.15);
  });

  /** How many servers of this share the scheduler would put on a node that keeps `overhead` of its memory. */
  function fitting(type: string, share: { cpu: number; memoryMiB: number }): number {
    const { vcpus, memoryGiB, maxPods } = findMachine(type)!;
    const { allocatable } = capacityOf({ cpus: vcpus, memoryMib: memoryGiB * 1024, arch: "amd64", gpus: 0, maxPods });
    const cpu = parseQuantity(allocatable["cpu"]!) - requested("cpu");
    const memory = parseQuantity(allocatable["memory"]!) - requested("memory");
    return Math.min(Math.floor((cpu * 1000) / share.cpu), Math.floor(memory / (share.memoryMiB * 2 ** 20)));
  }

  test.each([
    ["t3.large", 1],
    ["m6i.large", 2],
    ["m6i.xlarge", 3],
    ["m6i.xlarge", 4],
    ["m5.4xlarge", 7],
    ["r6i.8xlarge", 40],
    ["c5.9xlarge", 30],
    ["g4dn.xlarge", 1],
    ["m7a.48xlarge", 100],
  ])("of type %s lets exactly %i servers fit", (type, count) => {
    expect(fitting(type, shareOfNode({ count, instanceType: type }))).toBe(count);
  });

  test("of a type that hubctl does not know is refused, and says what to give instead", () => {
    const share = () => shareOfNode({ count: 1, instanceType: "u-6tb1.112xlarge" });
    expect(share).toThrow("u-6tb1.112xlarge");
    expect(share).toThrow(expect.objectContaining({ hint: expect.stringContaining("cpu and memoryGiB") as string }));
  });

  test("that would be nothing is refused", () => {
    expect(() => shareOfNode({ count: 5000, instanceType: "m5.large" })).toThrow("no room for 5000 servers");
  });
});
