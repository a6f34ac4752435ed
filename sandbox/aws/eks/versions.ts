import { createHash } from "node:crypto";

/** One Kubernetes version as EKS offers it. */
export interface MinorVersion {
  minor: string;
  /** The patch version of the control plane. */
  patch: string;
  /** The patch version of the kubelet in the newest node images. */
  kubeletPatch: string;
  platformVersion: string;
  releaseDate: string;
  endOfStandardSupport: string;
  endOfExtendedSupport: string;
}

/** The day for which these tables hold. */
export const tableDate = "2026-11-20";

export const minorVersions: readonly MinorVersion[] = [
  {
    minor: "1.36",
    patch: "1.36.3",
    kubeletPatch: "1.36.1",
    platformVersion: "eks.5",
    releaseDate: "2026-06-02",
    endOfStandardSupport: "2027-08-02",
    endOfExtendedSupport: "2028-08-02",
  },
  {
    minor: "1.35",
    patch: "1.35.6",
    kubeletPatch: "1.35.5",
    platformVersion: "eks.14",
    releaseDate: "2026-01-28",
    endOfStandardSupport: "2027-03-27",
    endOfExtendedSupport: "2028-03-27",
  },
  {
    minor: "1.34",
    patch: "1.34.9",
    kubeletPatch: "1.34.8",
    platformVersion: "eks.22",
    releaseDate: "2025-10-06",
    endOfStandardSupport: "2026-12-02",
    endOfExtendedSupport: "2027-12-02",
  },
  {
    minor: "1.33",
    patch: "1.33.13",
    kubeletPatch: "1.33.12",
    platformVersion: "eks.34",
    releaseDate: "2025-05-28",
    endOfStandardSupport: "2026-07-29",
    endOfExtendedSupport: "2027-07-29",
  },
];

/** What CreateCluster takes when no version is given. */
export const defaultMinor = "1.36";

export function findMinor(minor: string): MinorVersion | undefined {
  return minorVersions.find((version) => version.minor === minor);
}

export type SupportStatus = "STANDARD_SUPPORT" | "EXTENDED_SUPPORT" | "UNSUPPORTED";

export function supportStatus(version: MinorVersion, now: number): SupportStatus {
  if (now < Date.parse(version.endOfStandardSupport)) return "STANDARD_SUPPORT";
  return now < Date.parse(version.endOfExtendedSupport) ? "EXTENDED_SUPPORT" : "UNSUPPORTED";
}

/** Days on which node images were published, newest first; before a minor's release there is none for it. */
const imageDates = ["20261110", "20261023", "20260504"];

const imageVariants = [
  { architecture: "x86_64", variant: "standard", amiType: "AL2023_x86_64_STANDARD" },
  { architecture: "x86_64", variant: "nvidia", amiType: "AL2023_x86_64_NVIDIA" },
  { architecture: "x86_64", variant: "neuron", amiType: "AL2023_x86_64_NEURON" },
  { architecture: "arm64", variant: "standard", amiType: "AL2023_ARM_64_STANDARD" },
  { architecture: "arm64", variant: "nvidia", amiType: "AL2023_ARM_64_NVIDIA" },
] as const;

/** A node image of EKS for Amazon Linux 2023, as it is to be registered in EC2. */
export interface OptimizedAmi {
  imageId: string;
  /** "amazon-eks-node-al2023-x86_64-standard-1.36-v20261110" */
  name: string;
  architecture: "x86_64" | "arm64";
  variant: "standard" | "nvidia" | "neuron";
  /** The value of a node group's amiType that stands for it. */
  amiType: string;
  minor: string;
  /** "20261110" */
  date: string;
  /** A node group's releaseVersion: "1.36.1-20261110". */
  releaseVersion: string;
  /** The newest of its kind. */
  isRecommended: boolean;
}

/** Every node image, newest first. */
export function optimizedAmis(): OptimizedAmi[] {
  return minorVersions.flatMap(({ minor, kubeletPatch, releaseDate }) =>
    imageVariants.flatMap(({ architecture, variant, amiType }) =>
      imageDates.filter(isAfter(releaseDate)).map((date, index) => {
        const name = `amazon-eks-node-al2023-${architecture}-${variant}-${minor}-v${date}`;
        return {
          imageId: `ami-${createHash("sha256").update(name).digest("hex").slice(0, 17)}`,
          name,
          architecture,
          variant,
          amiType,
          minor,
          date,
          releaseVersion: `${kubeletPatch}-${date}`,
          isRecommended: index === 0,
        };
      }),
    ),
  );
}

function isAfter(day: string): (date: string) => boolean {
  return (date) => date > day.replaceAll("-", "");
}

/** The kubelet of a node image as it calls itself; undefined for an image that is not EKS' own. */
export function kubeletVersionOf(imageId: string): string | undefined {
  const release = optimizedAmis().find((ami) => ami.imageId === imageId)?.releaseVersion;
  return release && `v${release.split("-")[0] ?? ""}-eks-3a10415`;
}

/** The public SSM parameters through which Karpenter and Terraform find the node images. */
export function optimizedAmiParameters(): { name: string; value: string }[] {
  return optimizedAmis().flatMap((ami) => {
    const base = `/aws/service/eks/optimized-ami/${ami.minor}/amazon-linux-2023/${ami.architecture}/${ami.variant}`;
    const folders = [ami.name, ...(ami.isRecommended ? ["recommended"] : [])];
    return folders.flatMap((folder) => [
      { name: `${base}/${folder}/image_id`, value: ami.imageId },
      { name: `${base}/${folder}/image_name`, value: ami.name },
      { name: `${base}/${folder}/release_version`, value: ami.releaseVersion },
    ]);
  });
}
