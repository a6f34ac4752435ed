import type { HubConfig, Profile } from "../config/hub-config.ts";
import { hoursAMonth, instancePrice, prices, vcpuPrices } from "./prices.ts";

/** What AWS takes for a month. */

/** The volume of the hub's accounts; the hub chart's claim asks for it. */
const hubVolumeGiB = 10;

/** Karpenter's node pool starts no smaller ones. */
const smallestNodeVcpus = 4;

export interface CostItem {
  what: string;
  /** Dollars a month; undefined if the price table does not know it. */
  monthly: number | undefined;
}

/** What a hub costs each month while nobody uses it. */
export function estimateFixedCosts({ network, cluster, storage }: HubConfig): CostItem[] {
  const { instanceType, desired, volumeSizeGiB } = cluster.coreNodes;
  const node = instancePrice(instanceType);
  const gateways = network.existingVpc ? 0 : network.vpc.nat === "one" ? 1 : network.vpc.zones;
  // A public load balancer has an address in each of its subnets.
  const balancerAddresses = network.internal
    ? 0
    : (network.existingVpc?.loadBalancerSubnets.length ?? network.vpc.zones);
  const addresses = gateways + balancerAddresses;
  const item = (what: string, count: number, price: number | undefined): CostItem[] =>
    count === 0 ? [] : [{ what, monthly: price === undefined ? undefined : count * price }];
  const hourly = (what: string, count: number, price: number | undefined) => item(what, count * hoursAMonth, price);
  return [
    ...hourly("EKS control plane", 1, prices.cluster.STANDARD),
    ...hourly(`${desired} ${instanceType} for the hub`, desired, node),
    ...item("volumes of these nodes and of the hub", desired * volumeSizeGiB + hubVolumeGiB, prices.gp3),
    ...hourly(gateways === 1 ? "NAT gateway" : `${gateways} NAT gateways`, gateways, prices.natGateway.hour),
    ...hourly("network load balancer", 1, prices.loadBalancer),
    ...hourly(`${addresses} public IPv4 address${addresses === 1 ? "" : "es"}`, addresses, prices.publicAddress),
    ...item("secret in Secrets Manager", 1, prices.secret),
    ...item("encryption key", storage.encryptionKey === "own" ? 1 : 0, prices.key),
  ];
}

/** What comes with use, one sentence each. */
export function describeUsageCosts({ users, profiles, network, cluster, storage }: HubConfig): string[] {
  const { lowest, highest } = vcpuPrices();
  const { natGateway, efs, backup, cluster: clusterHour } = prices;
  return [
    `users' nodes, while they run: ${dollars(lowest * smallestNodeVcpus)} an hour (one of ${smallestNodeVcpus} vCPUs) to ${dollars(highest * users.maxVcpus)} (all ${users.maxVcpus} vCPUs that are allowed)`,
    ...profiles.flatMap((profile) => describeProfileNode(profile)),
    `homes and shared folders: ${dollars(efs.month * 100)} a month for 100 GB; ${dollars(efs.read)} a GB read, ${dollars(efs.write)} a GB written`,
    ...(storage.backups.enabled
      ? [`their backups: ${dollars(backup * 100)} a month for 100 GB, and what changes from day to day`]
      : []),
    ...(network.existingVpc
      ? []
      : [
          `traffic to the internet: ${dollars(natGateway.gigabyte)} a GB through the NAT gateway, either way, and what goes out costs more`,
        ]),
    ...(cluster.supportPolicy === "EXTENDED"
      ? [
          `the control plane after its version's standard support: ${dollars(clusterHour.EXTENDED)} an hour instead of ${dollars(clusterHour.STANDARD)}`,
        ]
      : []),
  ];
}

/** Only of profiles that name their nodes' type: others are within the range of all users' nodes. */
function describeProfileNode({ name, instanceTypes, fitsPerNode, spot, gpus }: Profile): string[] {
  const types = instanceTypes.length > 0 ? instanceTypes : fitsPerNode ? [fitsPerNode.instanceType] : [];
  if (types.length === 0)
    return gpus === 0 ? [] : [`a node with GPU of "${name}": several times as much as one without`];
  const known = types.map(instancePrice).filter((price) => price !== undefined);
  const from = types.length === 1 ? "" : "from ";
  const price = known.length === 0 ? "not in the price table" : `${from}${dollars(Math.min(...known))} an hour`;
  const cheaper = spot ? ", as spot instance mostly less than half of that" : "";
  return [`a node of "${name}" (${types.join(", ")}): ${price}${cheaper}`];
}

/** To the cent; prices by the gigabyte need a digit more. */
export function dollars(amount: number): string {
  return `$${amount >= 0.1 ? amount.toFixed(2) : amount.toFixed(3).replace(/0$/, "")}`;
}
