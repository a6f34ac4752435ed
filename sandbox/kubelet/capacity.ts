/** What an instance type brings. Sizes of a family double, so one line tells of a whole family. */
interface Family {
  /** Memory per vCPU, GiB. */
  memoryPerCpu: number;
  arch: "amd64" | "arm64";
}

const families: Readonly<Record<string, Family>> = Object.fromEntries([
  ...familiesOf("c", 2),
  ...familiesOf("m", 4),
  ...familiesOf("r", 8),
]);

function familiesOf(letter: string, memoryPerCpu: number): [string, Family][] {
  const intel = [
    "4",
    "5",
    "5a",
    "5d",
    "5n",
    "5ad",
    "5dn",
    "6i",
    "6a",
    "6id",
    "6in",
    "7i",
    "7a",
    "8i",
    "7i-flex",
    "8i-flex",
  ];
  const graviton = ["6g", "6gd", "7g", "7gd", "8g", "8gd"];
  return [
    ...intel.map((suffix): [string, Family] => [`${letter}${suffix}`, { memoryPerCpu, arch: "amd64" }]),
    ...graviton.map((suffix): [string, Family] => [`${letter}${suffix}`, { memoryPerCpu, arch: "arm64" }]),
  ];
}

const sizes: Readonly<Record<string, number>> = {
  medium: 1,
  large: 2,
  xlarge: 4,
  ...Object.fromEntries([2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 48].map((factor) => [`${factor}xlarge`, factor * 4])),
};

interface Hardware {
  cpus: number;
  memoryGib: number;
  arch: "amd64" | "arm64";
  gpus?: number;
}

/** Types whose numbers don't follow from family and size: burstable ones and those with GPUs. */
const special: Readonly<Record<string, Hardware>> = {
  "t3.small": { cpus: 2, memoryGib: 2, arch: "amd64" },
  "t3.medium": { cpus: 2, memoryGib: 4, arch: "amd64" },
  "t3.large": { cpus: 2, memoryGib: 8, arch: "amd64" },
  "t3.xlarge": { cpus: 4, memoryGib: 16, arch: "amd64" },
  "t3.2xlarge": { cpus: 8, memoryGib: 32, arch: "amd64" },
  "t3a.medium": { cpus: 2, memoryGib: 4, arch: "amd64" },
  "t3a.large": { cpus: 2, memoryGib: 8, arch: "amd64" },
  "t3a.xlarge": { cpus: 4, memoryGib: 16, arch: "amd64" },
  "t4g.medium": { cpus: 2, memoryGib: 4, arch: "arm64" },
  "t4g.large": { cpus: 2, memoryGib: 8, arch: "arm64" },
  ...gpuFamily("g4dn", {
    xlarge: [4, 16, 1],
    "2xlarge": [8, 32, 1],
    "4xlarge": [16, 64, 1],
    "8xlarge": [32, 128, 1],
    "12xlarge": [48, 192, 4],
  }),
  ...gpuFamily("g5", {
    xlarge: [4, 16, 1],
    "2xlarge": [8, 32, 1],
    "4xlarge": [16, 64, 1],
    "8xlarge": [32, 128, 1],
    "12xlarge": [48, 192, 4],
  }),
  ...gpuFamily("g6", {
    xlarge: [4, 16, 1],
    "2xlarge": [8, 32, 1],
    "4xlarge": [16, 64, 1],
    "8xlarge": [32, 128, 1],
    "12xlarge": [48, 192, 4],
  }),
  ...gpuFamily("p3", { "2xlarge": [8, 61, 1], "8xlarge": [32, 244, 4], "16xlarge": [64, 488, 8] }),
};

function gpuFamily(family: string, rows: Record<string, [number, number, number]>): Record<string, Hardware> {
  return Object.fromEntries(
    Object.entries(rows).map(([size, [cpus, memoryGib, gpus]]) => [
      `${family}.${size}`,
      { cpus, memoryGib, gpus, arch: "amd64" as const },
    ]),
  );
}

export interface Capacity {
  arch: "amd64" | "arm64";
  gpus: number;
  capacity: Record<string, string>;
  allocatable: Record<string, string>;
}

/** Capacity and allocatable of a node, as the AL2023 image reserves; undefined for a type that is not in the table. */
export function capacityOf(instanceType: string, maxPods?: number): Capacity | undefined {
  const hardware = special[instanceType] ?? hardwareOf(instanceType);
  if (hardware === undefined) return undefined;
  const { cpus, memoryGib, arch, gpus = 0 } = hardware;
  const pods = maxPods ?? defaultMaxPods(cpus);
  // Firmware and kernel keep part of the memory; 7.5 % is what Karpenter assumes, too.
  const memoryMib = Math.floor(memoryGib * 1024 * 0.925);
  const reservedMib = 255 + 11 * pods + 100;
  const volumes = { "ephemeral-storage": `${20 * 1024 * 1024}Ki`, "hugepages-1Gi": "0", "hugepages-2Mi": "0" };
  return {
    arch,
    gpus,
    capacity: { cpu: String(cpus), memory: `${memoryMib}Mi`, pods: String(pods), ...volumes },
    allocatable: {
      ...volumes,
      cpu: `${cpus * 1000 - reservedCpu(cpus)}m`,
      memory: `${memoryMib - reservedMib}Mi`,
      pods: String(pods),
      "ephemeral-storage": "18242267924",
    },
  };
}

function hardwareOf(instanceType: string): Hardware | undefined {
  const [familyName = "", size = ""] = instanceType.split(".");
  const family = families[familyName];
  const cpus = sizes[size];
  if (family === undefined || cpus === undefined) return undefined;
  return { cpus, memoryGib: cpus * family.memoryPerCpu, arch: family.arch };
}

/** Millicores that the image reserves: 6 % of the first CPU, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest. */
function reservedCpu(cpus: number): number {
  const steps = [60, 10, 5, 5];
  const first = steps.slice(0, cpus).reduce((sum, step) => sum + step, 0);
  return Math.floor(first + Math.max(0, cpus - steps.length) * 2.5);
}

/** Addresses that the VPC CNI has on the usual types of that size, without prefix delegation. */
function defaultMaxPods(cpus: number): number {
  if (cpus <= 1) return 8;
  if (cpus <= 2) return 29;
  if (cpus <= 16) return cpus === 16 ? 234 : 58;
  return cpus < 48 ? 234 : 737;
}
