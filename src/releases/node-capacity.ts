import { UserError } from "../errors.ts";
import { findMachine } from "./instance-types.ts";

/** Millicores and MiB. */
export interface Resources {
  cpu: number;
  memoryMiB: number;
}

/**
 * What the pods ask for that run on each node: VPC CNI 50m, kube-proxy 100m, EBS driver 30m and 104 MiB, EFS driver
 * 20m and 64 MiB, Pod Identity agent and device plugin nothing. The rest is for newer add-ons that ask for more.
 */
const daemonPods: Resources = { cpu: 250, memoryMiB: 256 };

/**
 * Karpenter takes this much of the memory for the firmware's and kernel's until it has seen a node of the type; a
 * server that asks for more would never be given its first node. Real nodes keep 5 to 7 %.
 * https://karpenter.sh/v1.14/reference/settings/ (VM_MEMORY_OVERHEAD_PERCENT)
 */
const memoryOverhead = 0.075;

/** An equal share of a node for each of `count` servers. */
export function shareOfNode({ count, instanceType }: { count: number; instanceType: string }): Resources {
  const node = allocatable(instanceType);
  const share = {
    cpu: Math.floor((node.cpu - daemonPods.cpu) / count),
    memoryMiB: Math.floor((node.memoryMiB - daemonPods.memoryMiB) / count),
  };
  if (share.cpu < 1 || share.memoryMiB < 1) {
    throw new UserError("NodeTooSmall", `A node of type ${instanceType} has no room for ${count} servers.`, {
      hint: "choose a larger type or a smaller number in the profile's fitsPerNode",
    });
  }
  return share;
}

/** What AL2023 leaves for pods: https://github.com/awslabs/amazon-eks-ami/tree/main/nodeadm/internal/kubelet */
function allocatable(instanceType: string): Resources {
  const machine = findMachine(instanceType);
  if (machine === undefined) {
    throw new UserError("UnknownInstanceType", `hubctl does not know how much a node of type ${instanceType} offers.`, {
      hint: "give the profile cpu and memoryGiB instead of fitsPerNode",
    });
  }
  const { vcpus, memoryGiB, maxPods } = machine;
  const kubelet = 255 + 11 * maxPods;
  const evictionThreshold = 100;
  return {
    cpu: vcpus * 1000 - reservedCpu(vcpus),
    memoryMiB: Math.floor(memoryGiB * 1024 * (1 - memoryOverhead)) - kubelet - evictionThreshold,
  };
}

/** 6 % of the first vCPU, 1 % of the second, 0.5 % of the third and fourth, 0.25 % of the others. */
function reservedCpu(vcpus: number): number {
  const ofFirst = [60, 10, 5, 5].slice(0, vcpus);
  return Math.ceil(ofFirst.reduce((sum, part) => sum + part, 0) + Math.max(0, vcpus - ofFirst.length) * 2.5);
}
