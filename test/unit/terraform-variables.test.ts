import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { addonNames, terraformVariables } from "../../src/config/terraform-variables.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";

const { config: plain } = releaseInputs();
const config: HubConfig = { ...plain, aws: { ...plain.aws, rolePath: "/hubs/" } };

const lock: HubLock = {
  hubctl: "0.1.0",
  id: "0123456789abcdef",
  account: "123456789012",
  region: "us-east-2",
  installer: "arn:aws:iam::123456789012:user/operator",
  kubernetes: "1.36",
  addons: Object.fromEntries(addonNames.map((name) => [name, `v1.0.0-${name}`])),
  nodeImage: { release: "1.36.1-20261110", alias: "al2023@v20261110" },
  zones: [
    { id: "use2-az2", name: "us-east-2b" },
    { id: "use2-az1", name: "us-east-2a" },
  ],
  charts: {},
  provider: "5.100.0",
};

function declaredVariables(stack: string): string[] {
  const text = readFileSync(new URL(`../../templates/terraform/${stack}/variables.tf`, import.meta.url), "utf8");
  return [...text.matchAll(/^variable "([^"]+)"/gm)].map(([, name = ""]) => name);
}

describe("terraformVariables", () => {
  it.each(["storage", "cluster"] as const)("gives the stack %s exactly the variables that it declares", (stack) => {
    expect(Object.keys(terraformVariables(stack, config, lock)).sort()).toEqual(declaredVariables(stack).sort());
  });

  it("takes from the lock file what was resolved at the first install", () => {
    expect(terraformVariables("cluster", config, lock)).toMatchObject({
      deployment: "dandihub",
      deployment_id: "0123456789abcdef",
      kubernetes_version: "1.36",
      zones: ["us-east-2b", "us-east-2a"],
      installer_arn: "arn:aws:iam::123456789012:user/operator",
      addon_versions: { "vpc-cni": "v1.0.0-vpc-cni", "metrics-server": "v1.0.0-metrics-server" },
      core_nodes: { release_version: "1.36.1-20261110", desired: 1 },
    });
  });

  it("tells the stack that there is no permissions boundary", () => {
    expect(terraformVariables("cluster", config, lock)).toMatchObject({ permissions_boundary: null });
    const boundary = "arn:aws:iam::123456789012:policy/boundary";
    const bounded = { ...config, aws: { ...config.aws, permissionsBoundary: boundary } };
    expect(terraformVariables("cluster", bounded, lock)).toMatchObject({ permissions_boundary: boundary });
  });

  it("says where the hub's network is", () => {
    const network = { ...config.network, vpc: { cidr: "10.9.0.0/16", zones: 2, nat: "per-zone" as const } };
    expect(terraformVariables("cluster", { ...config, network }, lock)).toMatchObject({
      vpc_cidr: "10.9.0.0/16",
      nat: "per-zone",
      existing_vpc: null,
    });
    const existingVpc = { id: "vpc-1", nodeSubnets: ["subnet-1", "subnet-2"], loadBalancerSubnets: ["subnet-3"] };
    expect(terraformVariables("cluster", { ...config, network: { ...network, existingVpc } }, lock)).toMatchObject({
      existing_vpc: { id: "vpc-1", node_subnets: ["subnet-1", "subnet-2"], load_balancer_subnets: ["subnet-3"] },
    });
  });

  it("gives both stacks the institution's tags, and the cluster the prefix of its names", () => {
    const own = { ...config, tags: { CostCenter: "7" }, aws: { ...config.aws, namePrefix: "inst-" } };
    expect(terraformVariables("storage", own, lock)).toMatchObject({ tags: { CostCenter: "7" } });
    expect(terraformVariables("cluster", own, lock)).toMatchObject({ tags: { CostCenter: "7" }, name_prefix: "inst-" });
  });

  it("names the buckets that users reach, and those that folders are filled from", () => {
    const storage: HubConfig["storage"] = {
      ...config.storage,
      encryptionKey: "own",
      buckets: [
        { name: "archive", access: "read", region: "us-west-2" },
        { name: "scratch", access: "read-write" },
      ],
      sharedFolders: [
        { name: "b", mountPath: "/b", writers: "admins", fillFrom: "s3://tutorials/2026" },
        { name: "a", mountPath: "/a", writers: "admins", fillFrom: "s3://tutorials" },
        { name: "c", mountPath: "/c", writers: "admins", fillFrom: "https://example.org/s3.tar.gz" },
        { name: "d", mountPath: "/d", writers: "everyone" },
      ],
    };
    expect(terraformVariables("cluster", { ...config, storage }, lock)).toMatchObject({
      buckets: { archive: "read", scratch: "read-write" },
      fill_buckets: ["tutorials"],
      encryption_key: "own",
    });
    expect(terraformVariables("storage", { ...config, storage }, lock)).toMatchObject({
      shared_folders: ["b", "a", "c", "d"],
      encryption_key: "own",
    });
  });

  it("tells of profiles with roles of their own and with spot instances", () => {
    const profile = { name: "P", description: "", default: false, gpus: 0, instanceTypes: [], environment: {} };
    const roleArn = "arn:aws:iam::123456789012:role/gpu";
    const profiles = [
      { ...profile, slug: "small", spot: false },
      { ...profile, slug: "gpu", spot: true, roleArn },
    ];
    expect(terraformVariables("cluster", config, lock)).toMatchObject({ spot: false, profile_roles: {} });
    expect(terraformVariables("cluster", { ...config, profiles }, lock)).toMatchObject({
      spot: true,
      profile_roles: { gpu: roleArn },
    });
  });

  it("names an add-on that the lock file lacks", () => {
    const addons = { ...lock.addons };
    delete addons["coredns"];
    expect(() => terraformVariables("cluster", config, { ...lock, addons })).toThrow(/EKS add-on coredns/);
  });
});
