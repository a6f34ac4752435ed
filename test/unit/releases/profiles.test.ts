import { describe, expect, test } from "vitest";
import type { HubConfig, Profile } from "../../../src/config/hub-config.ts";
import { devicePlugin } from "../../../src/releases/device-plugin.ts";
import { hub } from "../../../src/releases/hub.ts";
import { platform } from "../../../src/releases/platform.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const base: Profile = {
  slug: "small",
  name: "Small",
  description: "For reading",
  default: false,
  gpus: 0,
  spot: false,
  instanceTypes: [],
  environment: {},
};

const withProfiles = (...profiles: Partial<Profile>[]) =>
  releaseInputs({ config: { profiles: profiles.map((changes) => ({ ...base, ...changes })) } });

interface Listed extends Record<string, unknown> {
  kubespawner_override: Record<string, unknown>;
}

const listed = (...profiles: Partial<Profile>[]) =>
  (hub.values(withProfiles(...profiles)) as { singleuser: { profileList: Listed[] } }).singleuser.profileList;
const override = (changes: Partial<Profile>) => listed(changes)[0]!.kubespawner_override;
const pools = (...profiles: Partial<Profile>[]) =>
  (platform.values(withProfiles(...profiles)) as { nodes: { pools: Record<string, unknown>[] } }).nodes.pools;

describe("a profile", () => {
  test("is offered under its name, and is the default if it is said to be", () => {
    expect(listed({}, { slug: "large", name: "Large", description: "", default: true })).toMatchObject([
      { slug: "small", display_name: "Small", description: "For reading" },
      { slug: "large", display_name: "Large", description: "", default: true },
    ]);
    expect(listed({})[0]).not.toHaveProperty("default");
  });

  test("that says nothing of its own has what all servers have", () => {
    expect(override({})).toEqual({ cpu_guarantee: 0.5, cpu_limit: 2, mem_guarantee: "1G", mem_limit: "8G" });
  });

  test("has its own size", () => {
    const size = { cpu: { guarantee: 3, limit: 4 }, memoryGiB: { guarantee: 12, limit: 14.5 } };
    expect(override(size)).toEqual({ cpu_guarantee: 3, cpu_limit: 4, mem_guarantee: "12G", mem_limit: "14.5G" });
  });

  test("has its own image, pulled as that image needs", () => {
    expect(override({ image: { repository: "example/r", tag: "latest" } })).toMatchObject({
      image: "example/r:latest",
      image_pull_policy: "Always",
    });
    const digest = `sha256:${"1".repeat(64)}`;
    expect(override({ image: { repository: "example/r", digest } })).toMatchObject({
      image: `example/r@${digest}`,
      image_pull_policy: "IfNotPresent",
    });
  });

  test("has environment variables of its own, as they are written", () => {
    expect(override({ environment: { A: "{x}" } })).toMatchObject({ environment: { A: "{{x}}" } });
  });

  test("with a role of its own has a service account of its own", () => {
    const roleArn = "arn:aws:iam::123456789012:role/analysis";
    expect(override({ roleArn })).toMatchObject({ service_account: "user-small" });
    expect(platform.values(withProfiles({ roleArn }))).toMatchObject({ serviceAccounts: ["user-small"] });
    expect(override({})).not.toHaveProperty("service_account");
  });

  test("with GPUs asks for them, on nodes that nothing else runs on", () => {
    expect(override({ gpus: 2 })).toMatchObject({
      extra_resource_limits: { "nvidia.com/gpu": "2" },
      node_selector: { "hub.jupyter.org/profile": "small" },
      tolerations: [
        { key: "hub.jupyter.org/dedicated", operator: "Equal", value: "user", effect: "NoSchedule" },
        { key: "hub.jupyter.org/profile", operator: "Equal", value: "small", effect: "NoSchedule" },
        { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" },
      ],
    });
  });

  test("is a share of a node: what others leave idle of the CPU may be used, memory may not", () => {
    const share = override({ fitsPerNode: { count: 4, instanceType: "m6i.xlarge" } });
    expect(share).toMatchObject({
      cpu_guarantee: 0.917,
      cpu_limit: 3.668,
      mem_guarantee: "3476M",
      mem_limit: "3476M",
      node_selector: { "hub.jupyter.org/profile": "small" },
    });
  });
});

describe("node pools", () => {
  const shared = { name: "user", spot: false, gpus: false, instanceTypes: [], largestInstanceVcpus: 32 };

  test("there is one for all profiles that need no machines of their own", () => {
    expect(pools({}, { slug: "other", cpu: { guarantee: 2, limit: 2 } })).toEqual([shared]);
  });

  test.each<[string, Partial<Profile>, object]>([
    ["spot prices", { spot: true }, { spot: true }],
    ["GPUs", { gpus: 1 }, { gpus: true }],
    ["types", { instanceTypes: ["r6i.xlarge", "r6a.xlarge"] }, { instanceTypes: ["r6i.xlarge", "r6a.xlarge"] }],
    ["a share of a node", { fitsPerNode: { count: 2, instanceType: "m5.xlarge" } }, { instanceTypes: ["m5.xlarge"] }],
    [
      "a share of a node and types",
      { fitsPerNode: { count: 2, instanceType: "m5.xlarge" }, instanceTypes: ["m5.xlarge", "m5a.xlarge"] },
      { instanceTypes: ["m5.xlarge", "m5a.xlarge"] },
    ],
  ])("a profile with %s has its own", (_, changes, expected) => {
    expect(pools(changes)).toEqual([shared, { ...shared, name: "user-small", profile: "small", ...expected }]);
  });

  test("a large profile opens larger instances where it runs, and nowhere else", () => {
    const cpu = { guarantee: 40, limit: 40 };
    expect(pools({ cpu })).toMatchObject([{ largestInstanceVcpus: 192 }]);
    expect(pools({ cpu, spot: true })).toMatchObject([{ largestInstanceVcpus: 32 }, { largestInstanceVcpus: 192 }]);
  });
});

test("the device plugin is needed where a profile has GPUs, and runs on their nodes only", () => {
  const needed = (config: HubConfig) => devicePlugin.isNeeded?.(config);
  expect(needed(withProfiles({}).config)).toBe(false);
  expect(needed(withProfiles({}, { slug: "gpu", gpus: 1 }).config)).toBe(true);
  expect(devicePlugin.values(releaseInputs())).toEqual({
    affinity: null,
    nodeSelector: { "nvidia.com/gpu.present": "true" },
    tolerations: [{ operator: "Exists" }],
  });
});
