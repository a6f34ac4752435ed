interface Machine {
  vcpus: number;
  memoryGiB: number;
  /** Pods that the VPC CNI has addresses for, without prefix delegation. */
  maxPods: number;
}

/** vCPUs and pods by size. */
type Sizes = Readonly<Record<string, readonly [vcpus: number, maxPods: number]>>;

const upToGeneration7: Sizes = {
  large: [2, 29],
  xlarge: [4, 58],
  "2xlarge": [8, 58],
  "4xlarge": [16, 234],
  "8xlarge": [32, 234],
  "12xlarge": [48, 234],
  "16xlarge": [64, 737],
  "24xlarge": [96, 737],
  "32xlarge": [128, 737],
  "48xlarge": [192, 737],
};

/** Intel's fifth generation of c differs from the others. */
const c5: Sizes = {
  large: [2, 29],
  xlarge: [4, 58],
  "2xlarge": [8, 58],
  "4xlarge": [16, 234],
  "9xlarge": [36, 234],
  "12xlarge": [48, 234],
  "18xlarge": [72, 737],
  "24xlarge": [96, 737],
};

const generation8: Sizes = {
  large: [2, 59],
  xlarge: [4, 118],
  "2xlarge": [8, 118],
  "4xlarge": [16, 394],
  "8xlarge": [32, 492],
  "12xlarge": [48, 590],
  "16xlarge": [64, 1010],
  "24xlarge": [96, 1010],
  "32xlarge": [128, 1514],
  "48xlarge": [192, 1514],
};

const t3: Sizes = { large: [2, 35], xlarge: [4, 58], "2xlarge": [8, 58] };

const g4dn: Sizes = {
  xlarge: [4, 29],
  "2xlarge": [8, 29],
  "4xlarge": [16, 29],
  "8xlarge": [32, 58],
  "12xlarge": [48, 234],
  "16xlarge": [64, 58],
};

const g5: Sizes = {
  xlarge: [4, 58],
  "2xlarge": [8, 58],
  "4xlarge": [16, 234],
  "8xlarge": [32, 234],
  "12xlarge": [48, 737],
  "16xlarge": [64, 234],
  "24xlarge": [96, 737],
  "48xlarge": [192, 345],
};

const g6: Sizes = { ...upToGeneration7, "16xlarge": [64, 737] };
const g6e: Sizes = { ...g6, "12xlarge": [48, 292], "24xlarge": [96, 492], "48xlarge": [192, 492] };

/** The families that hubs run on: GiB for each vCPU, and sizes. Those that no family has are left out by `without`. */
const families: Readonly<Record<string, readonly [gibPerVcpu: number, sizes: Sizes]>> = {
  t3: [4, t3],
  t3a: [4, t3],
  c5: [2, c5],
  c5a: [2, without(upToGeneration7, "32xlarge", "48xlarge")],
  c6i: [2, without(upToGeneration7, "48xlarge")],
  c6a: [2, upToGeneration7],
  c7i: [2, without(upToGeneration7, "32xlarge")],
  c7a: [2, upToGeneration7],
  c8i: [2, generation8],
  m5: [4, without(upToGeneration7, "32xlarge", "48xlarge")],
  m5a: [4, without(upToGeneration7, "32xlarge", "48xlarge")],
  m5d: [4, without(upToGeneration7, "32xlarge", "48xlarge")],
  m6i: [4, without(upToGeneration7, "48xlarge")],
  m6id: [4, without(upToGeneration7, "48xlarge")],
  m6a: [4, upToGeneration7],
  m7i: [4, without(upToGeneration7, "32xlarge")],
  m7a: [4, upToGeneration7],
  m8i: [4, generation8],
  r5: [8, without(upToGeneration7, "32xlarge", "48xlarge")],
  r5a: [8, without(upToGeneration7, "32xlarge", "48xlarge")],
  r6i: [8, without(upToGeneration7, "48xlarge")],
  r6a: [8, upToGeneration7],
  r7i: [8, without(upToGeneration7, "32xlarge")],
  r7a: [8, upToGeneration7],
  r8i: [8, generation8],
  g4dn: [4, g4dn],
  g5: [4, g5],
  g6: [4, without(g6, "large", "32xlarge")],
  g6e: [8, without(g6e, "large", "32xlarge")],
};

/** Undefined for a type that is not in the table. Source: https://karpenter.sh/v1.14/reference/instance-types/ */
export function findMachine(instanceType: string): Machine | undefined {
  const [family = "", size = ""] = instanceType.split(".");
  const [gibPerVcpu, sizes] = (Object.hasOwn(families, family) ? families[family] : undefined) ?? [];
  if (gibPerVcpu === undefined || sizes === undefined || !Object.hasOwn(sizes, size)) return undefined;
  const [vcpus, maxPods] = sizes[size] ?? [0, 0];
  return { vcpus, memoryGiB: vcpus * gibPerVcpu, maxPods };
}

function without(sizes: Sizes, ...names: string[]): Sizes {
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => !names.includes(name)));
}
