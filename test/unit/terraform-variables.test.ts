import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { addonNames, terraformVariables } from "../../src/config/terraform-variables.ts";

const config: HubConfig = {
  name: "dandihub",
  aws: { region: "us-east-2", rolePath: "/hubs/", tags: { project: "archive" } },
  domain: "hub.dandi.example",
  certificateArn: "arn:aws:acm:us-east-2:123456789012:certificate/1",
  network: { vpcCidr: "10.42.0.0/16", allowFrom: ["0.0.0.0/0"], apiAccess: ["192.0.2.0/24"] },
  cluster: {
    supportPolicy: "STANDARD",
    coreNodes: { instanceType: "m6i.large", min: 1, max: 3, desired: 2, volumeSizeGiB: 50 },
  },
  users: { maxVcpus: 64, cpu: { guarantee: 1, limit: 4 }, memoryGiB: { guarantee: 2, limit: 8 } },
  auth: { method: "github", admins: ["a"], allowedUsers: [], allowedOrganizations: [], allowAll: true },
  image: { repository: "quay.io/jupyter/scipy-notebook", tag: "2026-11-03" },
};

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
      core_nodes: { release_version: "1.36.1-20261110", desired: 2 },
    });
  });

  it("tells the stack that there is no permissions boundary", () => {
    expect(terraformVariables("cluster", config, lock)).toMatchObject({ permissions_boundary: null });
    const boundary = "arn:aws:iam::123456789012:policy/boundary";
    const bounded = { ...config, aws: { ...config.aws, permissionsBoundary: boundary } };
    expect(terraformVariables("cluster", bounded, lock)).toMatchObject({ permissions_boundary: boundary });
  });

  it("names an add-on that the lock file lacks", () => {
    const addons = { ...lock.addons };
    delete addons["coredns"];
    expect(() => terraformVariables("cluster", config, { ...lock, addons })).toThrow(/EKS add-on coredns/);
  });
});
