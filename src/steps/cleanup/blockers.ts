import type { Inventory } from "../../aws/inventory/index.ts";
import type { Category, Resource } from "../../aws/inventory/resource.ts";
import { isData, isProved } from "./belongings.ts";

/**
 * Kinds of things for which AWS refuses to delete a subnet, a group or a VPC. Of Terraform's own it knows the order; what
 * it does not know it would wait for in vain, 20 minutes for each subnet.
 */
export const blockingCategories: readonly Category[] = [
  "load-balancers",
  "target-groups",
  "auto-scaling-groups",
  "eks-node-groups",
  "eks-fargate-profiles",
  "instances",
  "nat-gateways",
  "endpoints",
  "network-interfaces",
  "security-groups",
  "subnets",
  "route-tables",
  "gateways",
];

/** What is ours, blocks, and is in no plan of Terraform's; `known` are the ids in the plan. */
export function findBlockers({ resources }: Inventory, known: ReadonlySet<string>): Resource[] {
  const clusters = new Set(
    resources.filter(({ category }) => category === "eks-clusters").map(({ id, arn = id }) => arn),
  );
  const goesWithCluster = ({ category, tags, partOf = [] }: Resource) =>
    "eks:nodegroup-name" in tags || (category === "security-groups" && partOf.some((whole) => clusters.has(whole)));
  return resources.filter(
    (one) =>
      blockingCategories.includes(one.category) &&
      isProved(one) &&
      !isData(one) &&
      one.facts?.["status"] !== "in-use" &&
      !goesWithCluster(one) &&
      !isKnown(one, known),
  );
}

/** Terraform calls a node group "cluster:group", and load balancers and target groups by their ARNs. */
function isKnown({ id, arn = id }: Resource, known: ReadonlySet<string>): boolean {
  return known.has(id) || known.has(arn) || known.has(id.replace("/", ":"));
}

/** Something of somebody else's that is in our VPC, and what it keeps there. */
export interface Holder {
  id: string;
  /** "the instance i-0abc (their-database)" */
  what: string;
  /** Subnets and security groups that can't go before it. */
  holds: readonly string[];
}

/** Interfaces that AWS makes for what is ours, by their descriptions. Everything else in use is somebody's own. */
const ownDescriptions =
  /^(Amazon EKS |ELB |VPC Endpoint Interface |EFS mount target |Interface for NAT Gateway |aws-K8S-)/;

export function findHolders({ resources }: Inventory): Holder[] {
  const of = (category: Category) => resources.filter((one) => one.category === category);
  const instances = new Map(of("instances").map((one) => [one.id, one]));
  const foreignBalancers = of("load-balancers").filter((one) => !isProved(one));
  const gateways = new Set(of("nat-gateways").map(({ facts }) => facts?.["interface"]));
  const holders = new Map<string, { what: string; holds: Set<string> }>();
  for (const { id, facts = {} } of of("network-interfaces")) {
    const { status, subnet = "", groups = "", description = "", instance = "" } = facts;
    if (status !== "in-use" || gateways.has(id)) continue;
    const machine = instances.get(instance);
    const balancer = foreignBalancers.find(
      ({ arn = "" }) => description === `ELB ${arn.split(":loadbalancer/")[1] ?? ""}`,
    );
    if (machine ? isProved(machine) : !balancer && ownDescriptions.test(description)) continue;
    const [key, what] = machine
      ? [machine.id, `the instance ${named(machine)}`]
      : balancer
        ? [balancer.id, `the load balancer ${balancer.id}`]
        : [id, `the network interface ${id}${description === "" ? "" : ` (${description})`}`];
    const { holds } = holders.get(key) ?? { holds: new Set<string>() };
    for (const held of [subnet, ...groups.split(" ")]) if (held !== "") holds.add(held);
    holders.set(key, { what, holds });
  }
  return [...holders].map(([id, { what, holds }]) => ({ id, what, holds: [...holds] }));
}

function named({ id, name }: Resource): string {
  return name === undefined ? id : `${id} (${name})`;
}

/** One line for each, for people. */
export function describeHolders(holders: readonly Holder[]): string[] {
  return holders.map(
    ({ what, holds }) => `${what} is not of this deployment, and holds ${holds.join(", ")} and the VPC`,
  );
}

/** Ids of what can't go while the holders are there: what they hang on, and what that is in. */
export function heldBy(holders: readonly Holder[], { resources }: Inventory): Set<string> {
  if (holders.length === 0) return new Set();
  const kinds: readonly Category[] = ["vpcs", "gateways"];
  return new Set([
    ...holders.flatMap(({ holds }) => holds),
    ...resources.filter(({ category }) => kinds.includes(category)).map(({ id }) => id),
  ]);
}
