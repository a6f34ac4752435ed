import { paginateDescribeLoadBalancers, type LoadBalancer } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsClients } from "./clients.ts";

/** The load balancer with that DNS name, as a Service's status shows it; undefined when there is none. */
export async function findLoadBalancer(aws: AwsClients, hostname: string): Promise<LoadBalancer | undefined> {
  for await (const page of paginateDescribeLoadBalancers({ client: aws.elb }, {})) {
    const match = page.LoadBalancers?.find(({ DNSName }) => DNSName?.toLowerCase() === hostname.toLowerCase());
    if (match) return match;
  }
  return undefined;
}
