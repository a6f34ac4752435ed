import {
  AutoScalingClient,
  paginateDescribeAutoScalingGroups,
  paginateDescribeLaunchConfigurations,
} from "@aws-sdk/client-auto-scaling";
import {
  CloudWatchLogsClient,
  ListTagsForResourceCommand as ListLogTagsCommand,
  paginateDescribeLogGroups,
  paginateDescribeLogStreams,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeAddonCommand,
  DescribeAccessEntryCommand,
  DescribeClusterCommand,
  DescribeFargateProfileCommand,
  DescribeNodegroupCommand,
  DescribePodIdentityAssociationCommand,
  EKSClient,
  paginateListAccessEntries,
  paginateListAddons,
  paginateListAssociatedAccessPolicies,
  paginateListClusters,
  paginateListFargateProfiles,
  paginateListNodegroups,
  paginateListPodIdentityAssociations,
} from "@aws-sdk/client-eks";
import {
  DescribeTagsCommand as DescribeClassicTagsCommand,
  ElasticLoadBalancingClient,
  paginateDescribeLoadBalancers as paginateDescribeClassicLoadBalancers,
} from "@aws-sdk/client-elastic-load-balancing";
import {
  DescribeLoadBalancerAttributesCommand,
  DescribeTagsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  paginateDescribeListeners,
  paginateDescribeLoadBalancers,
  paginateDescribeRules,
  paginateDescribeTargetGroups,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  EventBridgeClient,
  ListEventBusesCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
} from "@aws-sdk/client-eventbridge";
import { GetQueueAttributesCommand, ListQueueTagsCommand, paginateListQueues, SQSClient } from "@aws-sdk/client-sqs";
import { collect, mapEach, unless, type Listed, type Listing } from "./listing.ts";

/** What runs, and what balances, scales, logs and queues for it. */
export const serviceListings: Record<string, Listing> = {
  "auto scaling group": async (settings) => {
    const pages = paginateDescribeAutoScalingGroups({ client: new AutoScalingClient(settings) }, {});
    const groups = await collect(pages, ({ AutoScalingGroups }) => AutoScalingGroups);
    return groups.map((group): Listed => [group.AutoScalingGroupName ?? "", group]);
  },
  "launch configuration": async (settings) => {
    const pages = paginateDescribeLaunchConfigurations({ client: new AutoScalingClient(settings) }, {});
    const found = await collect(pages, ({ LaunchConfigurations }) => LaunchConfigurations);
    return found.map((one): Listed => [one.LaunchConfigurationName ?? "", one]);
  },
  "load balancer": async (settings) => {
    const client = new ElasticLoadBalancingV2Client(settings);
    const balancers = await collect(paginateDescribeLoadBalancers({ client }, {}), (page) => page.LoadBalancers);
    return await mapEach(balancers, async (balancer): Promise<Listed> => {
      const { LoadBalancerArn = "" } = balancer;
      const listeners = await collect(
        paginateDescribeListeners({ client }, { LoadBalancerArn }),
        (page) => page.Listeners,
      );
      const rules = await mapEach(listeners, ({ ListenerArn }) =>
        collect(paginateDescribeRules({ client }, { ListenerArn }), (page) => page.Rules),
      );
      const { Attributes } = await client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }));
      const { TagDescriptions } = await client.send(new DescribeTagsCommand({ ResourceArns: [LoadBalancerArn] }));
      return [LoadBalancerArn, { ...balancer, listeners, rules, Attributes, TagDescriptions }];
    });
  },
  "target group": async (settings) => {
    const client = new ElasticLoadBalancingV2Client(settings);
    const groups = await collect(paginateDescribeTargetGroups({ client }, {}), (page) => page.TargetGroups);
    return await mapEach(groups, async (group): Promise<Listed> => {
      const { TargetGroupArn = "" } = group;
      const health = await client.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
      const targets = health.TargetHealthDescriptions?.map(({ Target }) => Target);
      const { TagDescriptions } = await client.send(new DescribeTagsCommand({ ResourceArns: [TargetGroupArn] }));
      return [TargetGroupArn, { ...group, targets, TagDescriptions }];
    });
  },
  "classic load balancer": async (settings) => {
    const client = new ElasticLoadBalancingClient(settings);
    const pages = paginateDescribeClassicLoadBalancers({ client }, {});
    const balancers = await collect(pages, (page) => page.LoadBalancerDescriptions);
    return await mapEach(balancers, async (balancer): Promise<Listed> => {
      const { LoadBalancerName = "" } = balancer;
      const { TagDescriptions } = await client.send(
        new DescribeClassicTagsCommand({ LoadBalancerNames: [LoadBalancerName] }),
      );
      return [LoadBalancerName, { ...balancer, TagDescriptions }];
    });
  },
  "EKS cluster": async (settings) => {
    const client = new EKSClient(settings);
    const names = await collect(paginateListClusters({ client }, {}), ({ clusters }) => clusters);
    return await mapEach(names, async (name): Promise<Listed> => [name, await readCluster(client, name)]);
  },
  "log group": async (settings) => {
    const client = new CloudWatchLogsClient(settings);
    const groups = await collect(paginateDescribeLogGroups({ client }, {}), ({ logGroups }) => logGroups);
    return await mapEach(groups, async (group): Promise<Listed> => {
      const { logGroupName = "", logGroupArn, arn } = group;
      const streams = await collect(
        paginateDescribeLogStreams({ client }, { logGroupName }),
        (page) => page.logStreams,
      );
      const resourceArn = logGroupArn ?? arn?.replace(/:\*$/, "");
      const { tags } = await client.send(new ListLogTagsCommand({ resourceArn }));
      return [logGroupName, { ...group, tags, streams: streams.map(({ logStreamName }) => logStreamName) }];
    });
  },
  queue: async (settings) => {
    const client = new SQSClient(settings);
    const urls = await collect(paginateListQueues({ client }, {}), ({ QueueUrls }) => QueueUrls);
    return await mapEach(urls, async (QueueUrl): Promise<Listed> => {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
      );
      const settled = Object.entries(Attributes).filter(([name]) => !name.startsWith("ApproximateNumber"));
      const { Tags } = await client.send(new ListQueueTagsCommand({ QueueUrl }));
      // Not the URL, in which the sandbox's port may be another after a restore.
      return [Attributes["QueueArn"] ?? QueueUrl, { ...Object.fromEntries(settled), Tags }];
    });
  },
  "event rule": async (settings) => {
    const client = new EventBridgeClient(settings);
    const { EventBuses } = await client.send(new ListEventBusesCommand({}));
    const rules = await mapEach(EventBuses, async ({ Name: EventBusName = "" }) => {
      const { Rules } = await client.send(new ListRulesCommand({ EventBusName }));
      return await mapEach(Rules, async ({ Name: Rule = "", Arn = "", ...rule }): Promise<Listed> => {
        const { Targets } = await client.send(new ListTargetsByRuleCommand({ Rule, EventBusName }));
        const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN: Arn }));
        return [Arn, { ...rule, Targets, Tags }];
      });
    });
    return rules.flat();
  },
  "event bus": async (settings) => {
    const { EventBuses } = await new EventBridgeClient(settings).send(new ListEventBusesCommand({}));
    return (EventBuses ?? []).map((bus): Listed => [bus.Name ?? "", bus]);
  },
};

async function readCluster(client: EKSClient, clusterName: string): Promise<unknown> {
  const inCluster = [{ client }, { clusterName }] as const;
  const { cluster } = await client.send(new DescribeClusterCommand({ name: clusterName }));
  const groups = await collect(paginateListNodegroups(...inCluster), ({ nodegroups }) => nodegroups);
  const addOns = await collect(paginateListAddons(...inCluster), ({ addons }) => addons);
  // A cluster that knows the config map aws-auth only has none, and says so by an error.
  const entries = await unless(
    ["InvalidRequestException"],
    collect(paginateListAccessEntries(...inCluster), ({ accessEntries }) => accessEntries),
  );
  const profiles = await collect(paginateListFargateProfiles(...inCluster), (page) => page.fargateProfileNames);
  const identities = await collect(
    paginateListPodIdentityAssociations(...inCluster),
    ({ associations }) => associations,
  );
  return {
    cluster,
    groups: await mapEach(groups, async (nodegroupName) => {
      return (await client.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }))).nodegroup;
    }),
    addOns: await mapEach(addOns, async (addonName) => {
      return (await client.send(new DescribeAddonCommand({ clusterName, addonName }))).addon;
    }),
    entries: await mapEach(entries, async (principalArn) => {
      const { accessEntry } = await client.send(new DescribeAccessEntryCommand({ clusterName, principalArn }));
      const pages = paginateListAssociatedAccessPolicies({ client }, { clusterName, principalArn });
      return {
        accessEntry,
        policies: await collect(pages, ({ associatedAccessPolicies }) => associatedAccessPolicies),
      };
    }),
    profiles: await mapEach(profiles, async (fargateProfileName) => {
      return (await client.send(new DescribeFargateProfileCommand({ clusterName, fargateProfileName }))).fargateProfile;
    }),
    identities: await mapEach(identities, async ({ associationId }) => {
      return (await client.send(new DescribePodIdentityAssociationCommand({ clusterName, associationId }))).association;
    }),
  };
}
