import { DeleteAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import { DeleteClusterCommand, DeleteFargateProfileCommand, DeleteNodegroupCommand } from "@aws-sdk/client-eks";
import { DeleteLoadBalancerCommand as DeleteClassicLoadBalancerCommand } from "@aws-sdk/client-elastic-load-balancing";
import { DeleteLoadBalancerCommand, DeleteTargetGroupCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsClients } from "../clients.ts";
import type { Resource } from "./resource.ts";

type Delete = (aws: AwsClients, resource: Resource) => Promise<unknown>;

/** How what runs, and what leads to it, is deleted. What is in a cluster otherwise goes with it. */
export const computeDeletions = {
  "auto-scaling-groups": async ({ rare }, { id }) =>
    (await rare.autoScaling()).send(
      // With its instances, which would come back otherwise.
      new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: id, ForceDelete: true }),
    ),
  "load-balancers": async ({ elb, rare }, { id, arn }) =>
    arn === undefined
      ? (await rare.classicElb()).send(new DeleteClassicLoadBalancerCommand({ LoadBalancerName: id }))
      : elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: arn })),
  "target-groups": ({ elb }, { arn }) => elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: arn })),
  "eks-node-groups": ({ eks }, { facts = {} }) =>
    eks.send(new DeleteNodegroupCommand({ clusterName: facts["cluster"], nodegroupName: facts["id"] })),
  "eks-fargate-profiles": ({ eks }, { facts = {} }) =>
    eks.send(new DeleteFargateProfileCommand({ clusterName: facts["cluster"], fargateProfileName: facts["id"] })),
  "eks-clusters": ({ eks }, { id }) => eks.send(new DeleteClusterCommand({ name: id })),
} satisfies Record<string, Delete>;
