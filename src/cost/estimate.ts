import type { HubConfig } from "../config/hub-config.ts";
import { instancePrice, prices } from "./prices.ts";

/** What AWS counts as a month. */
const hoursAMonth = 730;

export interface CostItem {
  what: string;
  /** Dollars a month; undefined if the price table does not know it. */
  monthly: number | undefined;
}

/** What a hub costs each month while nobody uses it. */
export function estimateFixedCosts(config: HubConfig): CostItem[] {
  const { network, cluster, storage } = config;
  const { instanceType, desired, volumeSizeGiB } = cluster.coreNodes;
  const node = instancePrice(instanceType);
  const gateways = network.existingVpc ? 0 : network.vpc.nat === "one" ? 1 : network.vpc.zones;
  const balancerZones = network.existingVpc?.loadBalancerSubnets.length ?? network.vpc.zones;
  const addresses = gateways + (network.internal ? 0 : balancerZones);
  const hourly = (price: number, count = 1) => price * count * hoursAMonth;
  return [
    {
      what: `EKS control plane${cluster.supportPolicy === "EXTENDED" ? " (in standard support)" : ""}`,
      monthly: hourly(prices.cluster.STANDARD),
    },
    {
      what: `${desired} × ${instanceType} for the hub`,
      monthly: node === undefined ? undefined : hourly(node, desired),
    },
    {
      what: `volumes: ${desired} × ${volumeSizeGiB} GiB of the nodes, ${hubVolumeGiB} GiB of the hub`,
      monthly: (desired * volumeSizeGiB + hubVolumeGiB) * prices.gp3,
    },
    ...(gateways === 0
      ? []
      : [{ what: plural(gateways, "NAT gateway"), monthly: hourly(prices.natGateway.hour, gateways) }]),
    { what: "network load balancer", monthly: hourly(prices.loadBalancer) },
    ...(addresses === 0
      ? []
      : [{ what: plural(addresses, "public IPv4 address", "es"), monthly: hourly(prices.publicAddress, addresses) }]),
    { what: "secret in Secrets Manager", monthly: prices.secret },
    ...(storage.encryptionKey === "own" ? [{ what: "encryption key", monthly: prices.key }] : []),
  ];
}

/** Of the hub's accounts, a claim of the hub chart. */
const hubVolumeGiB = 10;

function plural(count: number, noun: string, ending = "s"): string {
  return `${count} ${noun}${count === 1 ? "" : ending}`;
}
