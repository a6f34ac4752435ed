import {
  DescribeTagsCommand as DescribeClassicTagsCommand,
  paginateDescribeLoadBalancers as paginateClassicLoadBalancers,
} from "@aws-sdk/client-elastic-load-balancing";
import {
  DescribeTagsCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { hoursAMonth, prices } from "../../cost/prices.ts";
import { hasOwnTags, readTags, type Found, type Tags } from "./resource.ts";
import { mapFew, type Scope } from "./scope.ts";

/** Both APIs' balancers: a Service without annotations gets a classic one. */
export async function findLoadBalancers(scope: Scope): Promise<Found[]> {
  const [present, classic] = await Promise.all([presentBalancers(scope), classicBalancers(scope)]);
  return [...present, ...classic];
}

async function presentBalancers(scope: Scope): Promise<Found[]> {
  const vpcs = await ownVpcs(scope);
  const found: Found[] = [];
  for await (const { LoadBalancers = [] } of paginateDescribeLoadBalancers({ client: scope.aws.elb }, {})) {
    const tagsOf = await readTagsOf(
      scope,
      LoadBalancers.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []),
    );
    for (const {
      LoadBalancerArn: arn = "",
      LoadBalancerName,
      VpcId = "",
      CreatedTime,
      DNSName = "",
    } of LoadBalancers) {
      const tags = tagsOf.get(arn) ?? {};
      if (!hasOwnTags(tags) && !vpcs.has(VpcId)) continue;
      found.push({
        category: "load-balancers",
        id: LoadBalancerName ?? arn,
        arn,
        created: CreatedTime,
        tags,
        partOf: [VpcId],
        needsName: true,
        monthlyCost: prices.loadBalancer * hoursAMonth,
        facts: { host: DNSName },
      });
    }
  }
  return found;
}

async function classicBalancers(scope: Scope): Promise<Found[]> {
  const vpcs = await ownVpcs(scope);
  const client = await scope.aws.rare.classicElb();
  const found: Found[] = [];
  for await (const { LoadBalancerDescriptions = [] } of paginateClassicLoadBalancers({ client }, {})) {
    const names = LoadBalancerDescriptions.flatMap(({ LoadBalancerName }) => LoadBalancerName ?? []);
    const tagsOf = new Map<string, Tags>();
    await mapFew(chunks(names), async (LoadBalancerNames) => {
      const { TagDescriptions = [] } = await client.send(new DescribeClassicTagsCommand({ LoadBalancerNames }));
      for (const { LoadBalancerName = "", Tags } of TagDescriptions) tagsOf.set(LoadBalancerName, readTags(Tags));
    });
    for (const { LoadBalancerName: id = "", VPCId = "", CreatedTime, DNSName = "" } of LoadBalancerDescriptions) {
      const tags = tagsOf.get(id) ?? {};
      if (!hasOwnTags(tags) && !vpcs.has(VPCId)) continue;
      found.push({
        category: "load-balancers",
        id,
        created: CreatedTime,
        tags,
        partOf: [VPCId],
        needsName: true,
        monthlyCost: prices.classicLoadBalancer * hoursAMonth,
        facts: { host: DNSName },
      });
    }
  }
  return found;
}

/** The service controller's groups have a VPC, and no tags of ours if it was interrupted. */
export async function findTargetGroups(scope: Scope): Promise<Found[]> {
  const vpcs = await ownVpcs(scope);
  const balancers = new Set((await scope.found("load-balancers")).flatMap(({ arn }) => arn ?? []));
  const found: Found[] = [];
  for await (const { TargetGroups = [] } of paginateDescribeTargetGroups({ client: scope.aws.elb }, {})) {
    const tagsOf = await readTagsOf(
      scope,
      TargetGroups.flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []),
    );
    for (const { TargetGroupArn: arn = "", TargetGroupName, VpcId = "", LoadBalancerArns = [] } of TargetGroups) {
      const tags = tagsOf.get(arn) ?? {};
      const serves = LoadBalancerArns.filter((balancer) => balancers.has(balancer));
      if (!hasOwnTags(tags) && !vpcs.has(VpcId) && serves.length === 0) continue;
      found.push({
        category: "target-groups",
        id: TargetGroupName ?? arn,
        arn,
        tags,
        partOf: [VpcId, ...serves],
        monthlyCost: 0,
      });
    }
  }
  return found;
}

async function ownVpcs(scope: Scope): Promise<Set<string>> {
  return new Set((await scope.found("vpcs")).map(({ id }) => id));
}

async function readTagsOf({ aws }: Scope, arns: readonly string[]): Promise<Map<string, Tags>> {
  const tags = new Map<string, Tags>();
  await mapFew(chunks(arns), async (ResourceArns) => {
    const { TagDescriptions = [] } = await aws.elb.send(new DescribeTagsCommand({ ResourceArns }));
    for (const { ResourceArn = "", Tags } of TagDescriptions) tags.set(ResourceArn, readTags(Tags));
  });
  return tags;
}

/** DescribeTags of both APIs takes 20 at a time. */
function chunks(items: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(items.length / 20) }, (_, index) => items.slice(index * 20, index * 20 + 20));
}
