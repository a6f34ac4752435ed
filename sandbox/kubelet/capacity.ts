import type { Hardware } from "./dependencies.ts";

export interface Capacity {
  capacity: Record<string, string>;
  allocatable: Record<string, string>;
}

/** Of the root volume that the AL2023 image has by default, as a kubelet reports it. */
const rootVolume = { capacity: `${20 * 1024 * 1024}Ki`, allocatable: "18242267924" };

/** Capacity and allocatable of a node, with what the AL2023 image reserves for itself. */
export function capacityOf(hardware: Hardware, maxPods = hardware.maxPods, gpusUsable = false): Capacity {
  const { cpus, gpus } = hardware;
  // Firmware and kernel keep part of the memory; 7.5 % is what Karpenter assumes, too.
  const memoryMib = Math.floor(hardware.memoryMib * 0.925);
  const reservedMib = 255 + 11 * maxPods + 100;
  const rest = {
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    pods: String(maxPods),
    // Nobody knows of a GPU before the device plugin tells the kubelet.
    ...(gpusUsable && gpus > 0 ? { "nvidia.com/gpu": String(gpus) } : {}),
  };
  return {
    capacity: { ...rest, cpu: String(cpus), memory: `${memoryMib}Mi`, "ephemeral-storage": rootVolume.capacity },
    allocatable: {
      ...rest,
      cpu: `${cpus * 1000 - reservedCpu(cpus)}m`,
      memory: `${memoryMib - reservedMib}Mi`,
      "ephemeral-storage": rootVolume.allocatable,
    },
  };
}

/** Millicores: 6 % of the first CPU, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest. */
function reservedCpu(cpus: number): number {
  const steps = [60, 10, 5, 5];
  const first = steps.slice(0, cpus).reduce((sum, step) => sum + step, 0);
  return Math.ceil(first + Math.max(0, cpus - steps.length) * 2.5);
}
