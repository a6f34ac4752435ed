import { describe, expect, it } from "vitest";
import { fixedSettings, refuseFixedChanges } from "../../../src/config/fixed-settings.ts";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const { config } = releaseInputs();
const applied = fixedSettings(config);
const { network, storage, aws } = config;
const existingVpc = { id: "vpc-1", nodeSubnets: ["subnet-1", "subnet-2"], loadBalancerSubnets: ["subnet-3"] };

const changes: [path: string, change: Partial<HubConfig>, was: string][] = [
  ["network.vpc.cidr", { network: { ...network, vpc: { ...network.vpc, cidr: "10.9.0.0/16" } } }, "10.0.0.0/16"],
  ["network.existingVpc.id", { network: { ...network, existingVpc } }, "not given"],
  ["storage.encryptionKey", { storage: { ...storage, encryptionKey: "own" } }, "aws"],
  ["aws.namePrefix", { aws: { ...aws, namePrefix: "lab-" } }, "empty"],
  ["aws.rolePath", { aws: { ...aws, rolePath: "/hubs/" } }, "/"],
];

describe("settings that can't be changed", () => {
  it.each(changes)("%s is refused, with what to do instead", (path, change, was) => {
    expect(() => refuseFixedChanges(applied, { ...config, ...change })).toThrow(
      expect.objectContaining({
        code: "FixedSetting",
        exitCode: 2,
        message: expect.stringContaining("nothing was touched") as string,
        output: expect.stringMatching(new RegExp(`^${path} is .*but was ${was}`, "m")) as string,
        hint: expect.stringMatching(/set .* back to what it was; or /) as string,
      }) as Error,
    );
  });

  it("are told all at once", () => {
    const all = { ...config, aws: { ...aws, namePrefix: "lab-", rolePath: "/hubs/" } };
    expect(() => refuseFixedChanges(applied, all)).toThrow("2 settings can't be changed");
  });

  it("are few: all else may change", () => {
    const other: HubConfig = {
      ...config,
      domain: "other.example.org",
      tags: { other: "tag" },
      network: { ...network, allowFrom: ["198.51.100.0/24"], vpc: { ...network.vpc, nat: "per-zone" } },
      storage: { ...storage, sharedFolders: [] },
    };
    expect(() => refuseFixedChanges(applied, other)).not.toThrow();
  });

  it("leave the range of a VPC that is not used alone", () => {
    const inExisting = { ...config, network: { ...network, existingVpc } };
    const otherRange = {
      ...inExisting,
      network: { ...inExisting.network, vpc: { ...network.vpc, cidr: "10.9.0.0/16" } },
    };
    expect(() => refuseFixedChanges(fixedSettings(inExisting), otherRange)).not.toThrow();
  });
});
