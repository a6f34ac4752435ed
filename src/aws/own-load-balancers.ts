import {
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeTagsCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsClients } from "./clients.ts";

/** What the service controller made in AWS for a deployment's Services; all of it carries the deployment's id. */
export interface OwnLoadBalancers {
  loadBalancers: string[];
  targetGroups: string[];
  networkInterfaces: string[];
}

export async function findOwnLoadBalancers(aws: AwsClients, id: string): Promise<OwnLoadBalancers> {
  const all = { loadBalancers: [] as string[], targetGroups: [] as string[] };
  for await (const page of paginateDescribeLoadBalancers({ client: aws.elb }, {})) {
    for (const { LoadBalancerArn } of page.LoadBalancers ?? [])
      if (LoadBalancerArn) all.loadBalancers.push(LoadBalancerArn);
  }
  for await (const page of paginateDescribeTargetGroups({ client: aws.elb }, {})) {
    for (const { TargetGroupArn } of page.TargetGroups ?? []) if (TargetGroupArn) all.targetGroups.push(TargetGroupArn);
  }
  const [loadBalancers, targetGroups] = await Promise.all([
    withId(aws, all.loadBalancers, id),
    withId(aws, all.targetGroups, id),
  ]);
  return { loadBalancers, targetGroups, networkInterfaces: await interfacesOf(aws, loadBalancers) };
}

/** Interfaces of a load balancer stay for a while after it is gone, and keep its subnets and the VPC. */
export async function interfacesOf(aws: AwsClients, loadBalancers: readonly string[]): Promise<string[]> {
  if (loadBalancers.length === 0) return [];
  const { paginateDescribeNetworkInterfaces } = await import("@aws-sdk/client-ec2");
  // "arn:…:loadbalancer/net/name/1234" owns interfaces described as "ELB net/name/1234".
  const descriptions = loadBalancers.map((arn) => `ELB ${arn.slice(arn.indexOf(":loadbalancer/") + 14)}`);
  const found: string[] = [];
  const filters = { Filters: [{ Name: "description", Values: descriptions }] };
  for await (const page of paginateDescribeNetworkInterfaces({ client: await aws.ec2() }, filters)) {
    for (const { NetworkInterfaceId } of page.NetworkInterfaces ?? [])
      if (NetworkInterfaceId) found.push(NetworkInterfaceId);
  }
  return found;
}

export async function deleteLoadBalancer(aws: AwsClients, arn: string): Promise<void> {
  await aws.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: arn }));
}

export async function deleteTargetGroup(aws: AwsClients, arn: string): Promise<void> {
  await aws.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: arn }));
}

/** DescribeTags takes 20 at a time. */
async function withId(aws: AwsClients, arns: readonly string[], id: string): Promise<string[]> {
  const chunks = Array.from({ length: Math.ceil(arns.length / 20) }, (_, index) =>
    arns.slice(index * 20, index * 20 + 20),
  );
  const answers = await Promise.all(
    chunks.map((ResourceArns) => aws.elb.send(new DescribeTagsCommand({ ResourceArns }))),
  );
  return answers
    .flatMap(({ TagDescriptions }) => TagDescriptions ?? [])
    .filter(({ Tags }) => Tags?.some(({ Key, Value }) => Key === "hubctl:id" && Value === id))
    .flatMap(({ ResourceArn }) => (ResourceArn ? [ResourceArn] : []));
}
