import { z } from "zod";
import { subnetId, vpcId } from "../rules/aws.ts";
import { apiClientRange, clientRange, vpcRange } from "../rules/network.ts";
import type { Rule } from "../rules/rule.ts";
import { obeying, section, setOf, type Context } from "./fields.ts";

/** A range becomes a rule of a security group (60 fit by default) or one of the 40 that EKS takes for its endpoint. */
const mostRanges = 40;

const ranges = (rule: Rule) => setOf(rule).max(mostRanges);

const vpcSchema = z.strictObject({
  cidr: obeying(vpcRange)
    .default("10.0.0.0/16")
    .describe("Its range, private, /16 to /21. Every pod takes an address of it"),
  zones: z
    .int()
    .min(2)
    .max(4)
    .default(3)
    .describe("In how many availability zones it has subnets; more of them means more spare instances, and more NAT"),
  nat: z
    .enum(["one", "per-zone"])
    .default("one")
    .describe(
      "NAT gateways, which cost by the hour and by the GB: `one` for all zones, or one `per-zone`, so that a zone that fails takes no other with it",
    ),
});

const existingVpcSchema = z
  .strictObject({
    id: obeying(vpcId).describe("Its id"),
    nodeSubnets: setOf(subnetId)
      .min(2)
      .describe(
        "Ids of private subnets with a way out to the internet, in two zones or more; the core nodes are in the first one's zone",
      ),
    loadBalancerSubnets: setOf(subnetId)
      .min(1)
      .describe("Ids of the load balancer's subnets: public ones, unless the load balancer is internal"),
  })
  .exactOptional()
  .describe("A VPC that is there, instead of a new one. Nothing in it but the hub's own is changed or deleted");

export const networkSchema = section(
  {
    // No default yet, so that one that is written beside existingVpc is noticed.
    vpc: vpcSchema.optional().describe("The VPC that is made for the hub"),
    existingVpc: existingVpcSchema,
    allowFrom: ranges(clientRange)
      .min(1)
      .default(["0.0.0.0/0"])
      .describe(`IPv4 ranges that may reach the hub, at most ${mostRanges}`),
    internal: z
      .boolean()
      .default(false)
      .describe("Give the load balancer private addresses only, for a hub that is reached through a VPN"),
    apiAccess: ranges(apiClientRange)
      .default(["0.0.0.0/0"])
      .describe(
        `IPv4 ranges that may reach the public endpoint of the Kubernetes API, which asks for an AWS login in any case; at most ${mostRanges}. \`[]\` means no public endpoint: hubctl must then run inside the VPC`,
      ),
  },
  checkOneVpc,
)
  .transform(({ vpc, ...network }) => ({ ...network, vpc: vpc ?? vpcSchema.parse({}) }))
  .describe("The network, and who may reach what");

function checkOneVpc(network: { vpc?: unknown; existingVpc?: unknown }, context: Context): void {
  if (network.vpc === undefined || network.existingVpc === undefined) return;
  const message = "has no meaning beside existingVpc: remove one of the two";
  context.addIssue({ code: "custom", path: ["vpc"], message });
}
