import { deploymentTag, idTag, keyOf, stackTag, type Found, type Owner, type Tags } from "./resource.ts";

/** Somebody's, or claimed by more than one. */
export interface Proved {
  found: Found;
  owners: readonly Owner[];
  /** Why it is believed to belong, in words. */
  evidence: string;
  isConflict: boolean;
  stack: string | undefined;
}

/**
 * Tells whose each thing is; what is nobody's is left out. Proof is the tag hubctl:id, on the thing itself or on what
 * it is part of. Names and tags of Kubernetes prove nothing alone: another cluster may have the same name.
 */
export function proveOwners(all: readonly Found[]): Proved[] {
  const found = [...new Map(all.map((one) => [keyOf(one), one])).values()];
  const names = namesById(found);
  const claims = spreadClaims(found);
  const stacks = new Map(found.flatMap((one) => idsOf(one).map((id) => [id, ownStack(one)] as const)));
  const proved = found.flatMap((one) => {
    const ids = [...(claims.get(keyOf(one)) ?? [])].sort();
    const owners: Owner[] = ids.map((id) => ({ id, deployment: names.get(id) ?? one.claim?.deployment }));
    const stack = ownStack(one) ?? (one.sharesStack ? stackOfWhole(one, stacks) : undefined);
    const judged = judge(one, owners);
    return judged ? [{ found: one, owners, stack, ...judged }] : [];
  });
  return spreadConflicts(proved);
}

/** What is only proved by something that is in conflict, is in conflict too. */
function spreadConflicts(proved: readonly Proved[]): Proved[] {
  const disputed = new Set(proved.flatMap(({ isConflict, found }) => (isConflict ? idsOf(found) : [])));
  const spread = proved.map((one): Proved => {
    const { tags, claim, partOf = [] } = one.found;
    const whole = partOf.find((id) => disputed.has(id));
    if (one.isConflict || whole === undefined || tags[idTag] !== undefined || claim) return one;
    return { ...one, isConflict: true, evidence: `is part of ${whole}, whose owner is not clear` };
  });
  const hasGrown = spread.some(({ isConflict }, index) => isConflict !== proved[index]?.isConflict);
  return hasGrown ? spreadConflicts(spread) : spread;
}

type Judgement = Pick<Proved, "evidence" | "isConflict"> & { owners?: readonly Owner[] };

function judge(found: Found, owners: readonly Owner[]): Judgement | undefined {
  const [owner, other] = owners;
  const own = found.tags[idTag];
  const conflict = (evidence: string): Judgement => ({ evidence, isConflict: true });
  if (owner === undefined) return judgeUnproved(found);
  if (other !== undefined)
    return conflict(`is claimed by ${owners.map(({ id }) => `${idTag} ${id ?? "?"}`).join(" and by ")}`);
  if (found.claim) return { evidence: found.claim.words, isConflict: false };
  if (own !== undefined) return { evidence: `tag ${idTag} ${own}`, isConflict: false };

  const whole = found.partOf?.join(", ") ?? "?";
  const clusters = clusterNames(found.tags);
  const isNamed = owner.deployment !== undefined && clusters.includes(owner.deployment);
  if (clusters.length > 0 && !isNamed) {
    return conflict(
      `is part of ${whole} with ${idTag} ${owner.id ?? "?"}, but names the cluster ${clusters.join(", ")}`,
    );
  }
  if (found.needsName && !isNamed) {
    return conflict(
      `is in ${whole} with ${idTag} ${owner.id ?? "?"}, but nothing says that hubctl or its cluster made it`,
    );
  }
  return { evidence: `part of ${whole}, which has ${idTag} ${owner.id ?? "?"}`, isConflict: false };
}

function judgeUnproved({ tags, claim }: Found): Judgement | undefined {
  if (claim) {
    const owners = [{ id: undefined, deployment: claim.deployment }];
    return { owners, evidence: claim.words, isConflict: false };
  }
  const deployment = tags[deploymentTag];
  if (deployment === undefined) return undefined;
  return {
    owners: [{ id: undefined, deployment }],
    evidence: `has the tag ${deploymentTag} ${deployment}, but no ${idTag}`,
    isConflict: true,
  };
}

/** Ids of owners by the key of each thing. What is part of something is claimed by whoever claims that. */
function spreadClaims(found: readonly Found[]): Map<string, ReadonlySet<string>> {
  const byId = new Map<string, Set<string>>();
  const byKey = new Map<string, Set<string>>();
  for (const one of found) {
    const own = one.tags[idTag];
    const claims = new Set([...(own === undefined ? [] : [own]), ...(one.claim?.ids ?? [])]);
    byKey.set(keyOf(one), claims);
    for (const id of idsOf(one)) byId.set(id, claims);
  }
  for (let hasGrown = true; hasGrown;) {
    hasGrown = false;
    for (const one of found) {
      const claims = byKey.get(keyOf(one));
      if (claims === undefined) continue;
      const before = claims.size;
      for (const whole of one.partOf ?? []) for (const id of byId.get(whole) ?? []) claims.add(id);
      if (claims.size > before) hasGrown = true;
    }
  }
  return byKey;
}

function namesById(found: readonly Found[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const { tags, claim } of found) {
    const [id, name] = [tags[idTag], tags[deploymentTag]];
    if (id !== undefined && name !== undefined) names.set(id, name);
    if (claim?.deployment !== undefined) for (const known of claim.ids) names.set(known, claim.deployment);
  }
  return names;
}

/** What `partOf` of others may say. Names are not unique, so what goes by its name is referred to by its ARN. */
function idsOf({ id, arn }: Found): string[] {
  return arn === undefined ? [id] : [id, arn];
}

function ownStack({ tags, claim }: Found): string | undefined {
  return tags[stackTag] ?? claim?.stack;
}

function stackOfWhole({ partOf = [] }: Found, stacks: ReadonlyMap<string, string | undefined>): string | undefined {
  return partOf.map((whole) => stacks.get(whole)).find((stack) => stack !== undefined);
}

/**
 * The clusters that tags name. Of Kubernetes' controllers, EKS, Karpenter and the CNI plugin:
 * https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
 * https://github.com/aws/amazon-vpc-cni-k8s#cluster_name
 */
export function clusterNames(tags: Tags): string[] {
  const byKey = ["aws:eks:cluster-name", "eks:cluster-name", "eks:eks-cluster-name", "cluster.k8s.amazonaws.com/name"];
  const names = Object.entries(tags).flatMap(([key, value]) => {
    if (byKey.includes(key) || key === "elbv2.k8s.aws/cluster" || key === "karpenter.k8s.aws/cluster") return [value];
    const prefix = "kubernetes.io/cluster/";
    return key.startsWith(prefix) ? [key.slice(prefix.length)] : [];
  });
  return [...new Set(names)];
}
