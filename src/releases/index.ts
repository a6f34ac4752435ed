import { hub } from "./hub.ts";
import { karpenterCrd } from "./karpenter-crd.ts";
import { karpenter } from "./karpenter.ts";
import { platform } from "./platform.ts";
import type { Release } from "./release.ts";

/** In the order in which they are installed. */
export const releases: readonly Release[] = [karpenterCrd, karpenter, platform, hub];
