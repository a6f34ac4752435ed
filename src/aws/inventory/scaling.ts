import { paginateDescribeAutoScalingGroups } from "@aws-sdk/client-auto-scaling";
import { deploymentTag, idTag, readTags, type Found } from "./resource.ts";
import type { Scope } from "./scope.ts";

/** Groups with our tags, and those of EKS' node groups, which carry EKS' tags only and are told by their subnets. */
export async function findAutoScalingGroups(scope: Scope): Promise<Found[]> {
  const client = await scope.aws.rare.autoScaling();
  const subnets = new Set((await scope.found("subnets")).map(({ id }) => id));
  const instances = new Set((await scope.found("instances")).map(({ id }) => id));
  const found: Found[] = [];
  const filter = { Name: "tag-key", Values: [idTag, deploymentTag, "eks:cluster-name"] };
  for await (const page of paginateDescribeAutoScalingGroups({ client }, { Filters: [filter] })) {
    for (const { AutoScalingGroupName: id = "", Tags, CreatedTime, ...group } of page.AutoScalingGroups ?? []) {
      const tags = readTags(Tags);
      const places = (group.VPCZoneIdentifier ?? "").split(",").filter((subnet) => subnets.has(subnet));
      const members = (group.Instances ?? []).flatMap(({ InstanceId = "" }) =>
        instances.has(InstanceId) ? [InstanceId] : [],
      );
      const isOurs = idTag in tags || deploymentTag in tags || places.length + members.length > 0;
      if (!isOurs) continue;
      found.push({
        category: "auto-scaling-groups",
        id,
        arn: group.AutoScalingGroupARN,
        created: CreatedTime,
        tags,
        partOf: [...places, ...members],
        needsName: true,
        // Its instances cost, and are listed themselves.
        monthlyCost: 0,
        ...(group.Status !== undefined && { going: { words: "deleting", waits: "minutes" } }),
      });
    }
  }
  return found;
}
