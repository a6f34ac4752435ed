import type { HubConfig, Profile } from "../config/hub-config.ts";
import { shareOfNode } from "./node-capacity.ts";

/** vCPUs and GiB. */
interface ServerResources {
  cpu: { guarantee: number; limit: number };
  memory: { guarantee: string; limit: string };
}

/** KubeSpawner's G is a GiB, and its M a MiB. */
export function serverResources(users: Pick<HubConfig["users"], "cpu" | "memoryGiB">): ServerResources {
  const { cpu, memoryGiB } = users;
  return {
    cpu: { guarantee: cpu.guarantee, limit: cpu.limit },
    memory: { guarantee: `${memoryGiB.guarantee}G`, limit: `${memoryGiB.limit}G` },
  };
}

export function profileResources(profile: Profile, users: HubConfig["users"]): ServerResources {
  const { fitsPerNode } = profile;
  if (fitsPerNode === undefined) {
    return serverResources({ cpu: profile.cpu ?? users.cpu, memoryGiB: profile.memoryGiB ?? users.memoryGiB });
  }
  const share = shareOfNode(fitsPerNode);
  return {
    // CPU that the others leave idle may be used; memory can't be given back, so there is no more than the share.
    cpu: { guarantee: share.cpu / 1000, limit: (share.cpu * fitsPerNode.count) / 1000 },
    memory: { guarantee: `${share.memoryMiB}M`, limit: `${share.memoryMiB}M` },
  };
}
