import { describe, expect, it } from "vitest";
import type { HubConfig, Profile } from "../../../src/config/hub-config.ts";
import { describeUsageCosts, dollars, estimateFixedCosts } from "../../../src/cost/estimate.ts";
import { instancePrice } from "../../../src/cost/prices.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const { config } = releaseInputs();
const coreNodes = (changes: Partial<HubConfig["cluster"]["coreNodes"]>): HubConfig => ({
  ...config,
  cluster: { ...config.cluster, coreNodes: { ...config.cluster.coreNodes, ...changes } },
});
const network = (changes: Partial<HubConfig["network"]>): HubConfig => ({
  ...config,
  network: { ...config.network, ...changes },
});
/** In cents, by what it is for. */
const costs = (of: HubConfig) =>
  Object.fromEntries(
    estimateFixedCosts(of).map(({ what, monthly }) => [what, monthly && Math.round(monthly * 100) / 100]),
  );

describe("what a hub costs while nobody uses it", () => {
  it("is told item by item", () => {
    expect(costs(config)).toEqual({
      "EKS control plane": 73,
      "1 m6i.large for the hub": 70.08,
      "volumes of these nodes and of the hub": 4.8,
      "NAT gateway": 32.85,
      "network load balancer": 16.43,
      "3 public IPv4 addresses": 10.95,
      "secret in Secrets Manager": 0.4,
    });
  });

  it("grows with the core nodes and their volumes", () => {
    expect(costs(coreNodes({ desired: 2, instanceType: "m5.xlarge", volumeSizeGiB: 100 }))).toMatchObject({
      "2 m5.xlarge for the hub": 280.32,
      "volumes of these nodes and of the hub": 16.8,
    });
  });

  it("does not make up a price", () => {
    expect(costs(coreNodes({ instanceType: "x9.large" }))).toHaveProperty("1 x9.large for the hub", undefined);
  });

  it("has a NAT gateway for each zone where that is asked for", () => {
    const perZone = costs(network({ vpc: { cidr: "10.0.0.0/16", zones: 3, nat: "per-zone" } }));
    expect(perZone).toMatchObject({ "3 NAT gateways": 98.55, "6 public IPv4 addresses": 21.9 });
  });

  it("has neither gateways nor public addresses in a VPC that is there, with a private load balancer", () => {
    const existingVpc = { id: "vpc-1", nodeSubnets: ["subnet-a", "subnet-b"], loadBalancerSubnets: ["subnet-a"] };
    expect(Object.keys(costs(network({ existingVpc, internal: true }))).join(", ")).not.toMatch(/NAT|address/);
    expect(costs(network({ existingVpc }))).toHaveProperty(["1 public IPv4 address"], 3.65);
  });

  it("counts a key only if one is made", () => {
    const withKey = (encryptionKey: string) => costs({ ...config, storage: { ...config.storage, encryptionKey } });
    expect(withKey("own")).toHaveProperty("encryption key", 1);
    expect(withKey("arn:aws:kms:us-east-2:123456789012:key/1")).not.toHaveProperty("encryption key");
  });
});

describe("what comes with use", () => {
  const profile: Profile = {
    slug: "gpu",
    name: "GPU",
    description: "",
    default: false,
    gpus: 1,
    spot: false,
    instanceTypes: [],
    environment: {},
  };
  const ofProfile = (changes: Partial<Profile>) =>
    describeUsageCosts({ ...config, profiles: [{ ...profile, ...changes }] }).filter((line) => line.includes('"GPU"'));

  it("is a range for users' nodes, and prices by the gigabyte", () => {
    expect(describeUsageCosts(config)).toEqual([
      "users' nodes, while they run: $0.15 an hour (one of 4 vCPUs) to $4.87 (all 64 vCPUs that are allowed)",
      "homes and shared folders: $30.00 a month for 100 GB; $0.03 a GB read, $0.06 a GB written",
      "their backups: $5.00 a month for 100 GB, and what changes from day to day",
      "traffic to the internet: $0.045 a GB through the NAT gateway, either way, and what goes out costs more",
    ]);
  });

  it("has no backups where none are made", () => {
    const storage = { ...config.storage, backups: { ...config.storage.backups, enabled: false } };
    expect(describeUsageCosts({ ...config, storage }).join()).not.toContain("backups");
  });

  it("names the nodes of profiles that ask for a type", () => {
    expect(ofProfile({ instanceTypes: ["g5.xlarge", "g4dn.xlarge", "x9.large"] })).toEqual([
      'a node of "GPU" (g5.xlarge, g4dn.xlarge, x9.large): from $0.53 an hour',
    ]);
    expect(ofProfile({ instanceTypes: ["g4dn.xlarge"], spot: true })).toEqual([
      'a node of "GPU" (g4dn.xlarge): $0.53 an hour, as spot instance mostly less than half of that',
    ]);
    expect(ofProfile({ fitsPerNode: { count: 4, instanceType: "m5.2xlarge" }, gpus: 0 })).toEqual([
      'a node of "GPU" (m5.2xlarge): $0.38 an hour',
    ]);
    expect(ofProfile({ instanceTypes: ["x9.large"] })).toEqual(['a node of "GPU" (x9.large): not in the price table']);
    expect(ofProfile({})).toEqual(['a node with GPU of "GPU": several times as much as one without']);
    expect(ofProfile({ gpus: 0 })).toEqual([]);
  });

  it("warns of the price after standard support where the cluster is kept on its version", () => {
    const extended: HubConfig = { ...config, cluster: { ...config.cluster, supportPolicy: "EXTENDED" } };
    expect(describeUsageCosts(extended).at(-1)).toBe(
      "the control plane after its version's standard support: $0.60 an hour instead of $0.10",
    );
  });
});

describe("the price of an instance type", () => {
  it.each([
    ["t3.medium", 0.0416],
    ["m6i.large", 0.096],
    ["m7i.xlarge", 0.2016],
    ["r5.24xlarge", 6.048],
    ["m7i-flex.2xlarge", 0.38304],
    ["g4dn.12xlarge", 3.912],
    ["t3.micro", undefined],
    ["m6i.metal", undefined],
    ["nonsense", undefined],
  ])("%s: %s", (type, price) => {
    const found = instancePrice(type);
    if (price === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(price, 6);
  });
});

it.each([
  [73, "$73.00"],
  [0.1, "$0.10"],
  [0.045, "$0.045"],
  [0.03, "$0.03"],
  [1234.5, "$1234.50"],
])("%s dollars are %s", (amount, text) => expect(dollars(amount)).toBe(text));
