import type { HubConfig, Profile } from "../config/hub-config.ts";

/** A NodePool as the platform chart takes it. */
export interface NodePool {
  name: string;
  /** Only servers of this profile run here. */
  profile?: string;
  spot: boolean;
  gpus: boolean;
  /** Any that suit if the list is empty. */
  instanceTypes: string[];
  largestInstanceVcpus: number;
}

interface Guarantee {
  cpu: number;
  memoryGiB: number;
}

/** Sizes that suit most hubs; the larger ones come in only for users who would not fit otherwise. */
const usualLargestVcpus = 32;
const largestVcpus = 192;

/** The pool that everyone shares, and one for each profile that needs machines of its own. */
export function nodePools({ users, profiles }: HubConfig): NodePool[] {
  const shared = [users, ...profiles.filter((profile) => !hasOwnNodes(profile))];
  return [
    {
      name: "user",
      spot: false,
      gpus: false,
      instanceTypes: [],
      largestInstanceVcpus: Math.max(...shared.map((server) => largestInstance(guaranteeOf(server, users)))),
    },
    ...profiles.filter(hasOwnNodes).map((profile) => ({
      name: `user-${profile.slug}`,
      profile: profile.slug,
      spot: profile.spot,
      gpus: profile.gpus > 0,
      instanceTypes: instanceTypesOf(profile),
      largestInstanceVcpus: largestInstance(guaranteeOf(profile, users)),
    })),
  ];
}

export function hasOwnNodes(profile: Profile): boolean {
  return profile.spot || profile.gpus > 0 || instanceTypesOf(profile).length > 0;
}

/** A share of a node is one of that very type, unless others are named as well. */
function instanceTypesOf({ instanceTypes, fitsPerNode }: Profile): string[] {
  if (instanceTypes.length > 0 || fitsPerNode === undefined) return [...instanceTypes];
  return [fitsPerNode.instanceType];
}

function guaranteeOf({ cpu, memoryGiB }: Pick<Profile, "cpu" | "memoryGiB">, users: HubConfig["users"]): Guarantee {
  return { cpu: (cpu ?? users.cpu).guarantee, memoryGiB: (memoryGiB ?? users.memoryGiB).guarantee };
}

function largestInstance({ cpu, memoryGiB }: Guarantee): number {
  // Of a node with 32 vCPUs and 8 GiB for each, about this much is left for users.
  return cpu > 30 || memoryGiB > 230 ? largestVcpus : usualLargestVcpus;
}
