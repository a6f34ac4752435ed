/**
 * List prices in US dollars, of us-east-1 and us-east-2 (which cost the same): on demand, Linux, without taxes,
 * discounts and free tiers. Instances: the price list that Karpenter 1.14.1 carries, made from AWS's price API on
 * 2026-07-06 (https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/pkg/providers/pricing/zz_generated.pricing_aws.go).
 * All else: AWS's public pages, as commonly quoted in 2026 and not checked against the price API:
 * https://aws.amazon.com/eks/pricing/ https://aws.amazon.com/vpc/pricing/ https://aws.amazon.com/ebs/pricing/
 * https://aws.amazon.com/elasticloadbalancing/pricing/ https://aws.amazon.com/efs/pricing/
 * https://aws.amazon.com/secrets-manager/pricing/ https://aws.amazon.com/kms/pricing/
 * https://aws.amazon.com/backup/pricing/ https://aws.amazon.com/cloudwatch/pricing/ https://aws.amazon.com/privatelink/pricing/
 */
export const prices = {
  /** An hour, with a Kubernetes version in standard or extended support. */
  cluster: { STANDARD: 0.1, EXTENDED: 0.6 },
  natGateway: { hour: 0.045, gigabyte: 0.045 },
  /** An hour, without capacity units, which a small hub hardly uses. */
  loadBalancer: 0.0225,
  /** An hour. */
  classicLoadBalancer: 0.025,
  publicAddress: 0.005,
  /** An hour in each zone; those of S3 and DynamoDB that route tables name cost nothing. */
  interfaceEndpoint: 0.01,
  /** A GiB and month. */
  gp3: 0.08,
  snapshot: 0.05,
  /** A GB and month; a GB read or written with elastic throughput. */
  efs: { month: 0.3, read: 0.03, write: 0.06 },
  /** A GB and month. */
  backup: 0.05,
  logs: 0.03,
  s3: 0.023,
  /** A month. */
  secret: 0.4,
  key: 1,
} as const;

export const priceDate = "July 2026";
export const pricedRegions: readonly string[] = ["us-east-1", "us-east-2"];

/** An hour of the size `large`; all sizes of these families cost in proportion. */
const largePrices: Readonly<Record<string, number>> = {
  t3: 0.0832,
  t3a: 0.0752,
  m5: 0.096,
  m5a: 0.086,
  m6i: 0.096,
  m6a: 0.0864,
  m7i: 0.1008,
  "m7i-flex": 0.09576,
  m7a: 0.11592,
  m8i: 0.10584,
  m8a: 0.12172,
  c5: 0.085,
  c5a: 0.077,
  c6i: 0.085,
  c6a: 0.0765,
  c7i: 0.08925,
  c7a: 0.10264,
  r5: 0.126,
  r5a: 0.113,
  r6i: 0.126,
  r6a: 0.1134,
  r7i: 0.1323,
  r7a: 0.15215,
};

/** An hour; their price does not follow their size. */
const gpuPrices: Readonly<Record<string, number>> = {
  "g4dn.xlarge": 0.526,
  "g4dn.2xlarge": 0.752,
  "g4dn.4xlarge": 1.204,
  "g4dn.8xlarge": 2.176,
  "g4dn.12xlarge": 3.912,
  "g5.xlarge": 1.006,
  "g5.2xlarge": 1.212,
  "g5.4xlarge": 1.624,
  "g5.8xlarge": 2.448,
  "g5.12xlarge": 5.672,
  "g6.xlarge": 0.8048,
  "g6.2xlarge": 0.9776,
  "g6.4xlarge": 1.3232,
  "g6.8xlarge": 2.0144,
  "g6.12xlarge": 4.6016,
  "p3.2xlarge": 3.06,
};

/** Dollars an hour of an EC2 instance type; undefined if the table does not know it. */
export function instancePrice(type: string): number | undefined {
  const [family = "", size = ""] = type.split(".");
  const large = largePrices[family];
  const larges = sizeInLarges(size);
  return large === undefined || larges === undefined ? gpuPrices[type] : large * larges;
}

function sizeInLarges(size: string): number | undefined {
  if (size === "medium") return 0.5;
  if (size === "large") return 1;
  const [, times] = /^(\d*)xlarge$/.exec(size) ?? [];
  if (times === undefined) return undefined;
  return times === "" ? 2 : Number(times) * 2;
}

/** Dollars an hour and vCPU of the instances that users' nodes may be: families c, m and r from the fifth generation. */
export function vcpuPrices(): { lowest: number; highest: number } {
  const larges = Object.entries(largePrices).flatMap(([family, price]) => (/^[cmr]/.test(family) ? [price] : []));
  const vcpusOfLarge = 2;
  return { lowest: Math.min(...larges) / vcpusOfLarge, highest: Math.max(...larges) / vcpusOfLarge };
}

/** As AWS counts a month in its own estimates. */
export const hoursAMonth = 730;
