import { paginateDescribeSecurityGroupRules, paginateDescribeSecurityGroups, type Filter } from "@aws-sdk/client-ec2";
import { collect, filtersOf, taggedFilter, taggedOrInVpcs } from "./ec2.ts";
import { readTags, type Found } from "./resource.ts";
import type { Scope } from "./scope.ts";

/** Groups with our tags, those in our VPCs, and those that EKS made for our clusters, which EKS tags as it likes. */
export async function findSecurityGroups(scope: Scope): Promise<Found[]> {
  const clusters = await scope.found("eks-clusters");
  const clusterOf = new Map(
    clusters.flatMap(({ arn, facts }) => (arn && facts?.["group"] ? [[facts["group"], arn]] : [])),
  );
  const ofClusters = filtersOf(
    "group-id",
    [...clusterOf.keys()].map((id) => ({ id })),
  );
  const groups = await describeGroups(scope, [...(await taggedOrInVpcs(scope)), ...ofClusters]);
  return groups.flatMap(({ GroupId: id = "", GroupName, VpcId, Tags }) => {
    // A VPC's own group goes with it, and not without it.
    if (GroupName === "default") return [];
    const cluster = clusterOf.get(id);
    return [
      {
        category: "security-groups",
        id,
        name: GroupName,
        tags: readTags(Tags),
        partOf: [...(VpcId === undefined ? [] : [VpcId]), ...(cluster === undefined ? [] : [cluster])],
        monthlyCost: 0,
      },
    ];
  });
}

/** Rules that are ours, or name our groups, in groups that are not ours; the others go with their group. */
export async function findSecurityGroupRules(scope: Scope): Promise<Found[]> {
  const own = await scope.found("security-groups");
  const ownIds = new Set(own.map(({ id }) => id));
  const naming = [...filtersOf("ip-permission.group-id", own), ...filtersOf("egress.ip-permission.group-id", own)];
  const others = (await describeGroups(scope, naming)).flatMap(({ GroupId }) =>
    GroupId === undefined || ownIds.has(GroupId) ? [] : [{ id: GroupId }],
  );
  const client = await scope.ec2();
  const rules = await collect(
    [taggedFilter, ...filtersOf("group-id", others)],
    (filter) => paginateDescribeSecurityGroupRules({ client }, { Filters: [filter] }),
    ({ SecurityGroupRules }) => SecurityGroupRules,
    ({ SecurityGroupRuleId }) => SecurityGroupRuleId,
  );
  return rules.flatMap(({ SecurityGroupRuleId: id = "", GroupId: group = "", IsEgress, Description, ...rule }) => {
    const named = rule.ReferencedGroupInfo?.GroupId;
    if (ownIds.has(group)) return [];
    return [
      {
        category: "security-group-rules",
        id,
        name: Description,
        tags: readTags(rule.Tags),
        partOf: named === undefined ? [] : [named],
        monthlyCost: 0,
        facts: { group, direction: IsEgress ? "egress" : "ingress" },
      },
    ];
  });
}

async function describeGroups(scope: Scope, filters: readonly Filter[]) {
  const client = await scope.ec2();
  return collect(
    filters,
    (filter) => paginateDescribeSecurityGroups({ client }, { Filters: [filter] }),
    ({ SecurityGroups }) => SecurityGroups,
    ({ GroupId }) => GroupId,
  );
}
