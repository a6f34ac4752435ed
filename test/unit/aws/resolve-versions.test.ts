import { DescribeAvailabilityZonesCommand, DescribeInstanceTypeOfferingsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeAddonVersionsCommand, DescribeClusterVersionsCommand, EKSClient } from "@aws-sdk/client-eks";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, expect, test } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { resolveVersions } from "../../../src/aws/resolve-versions.ts";
import type { HubConfig } from "../../../src/config/hub-config.ts";

const ec2 = mockClient(EC2Client);
const eks = mockClient(EKSClient);
const ssm = mockClient(SSMClient);
const aws = createClients("us-east-1");

function configWith(cluster: Partial<HubConfig["cluster"]> = {}, zones = 3): HubConfig {
  return {
    network: { vpc: { cidr: "10.0.0.0/16", zones, nat: "one" } },
    cluster: {
      supportPolicy: "STANDARD",
      coreNodes: { instanceType: "m6i.large", min: 1, max: 2, desired: 1, volumeSizeGiB: 50 },
      ...cluster,
    },
  } as HubConfig;
}

function offerZones(zones: { id: string; name: string; offersType?: boolean }[]) {
  ec2.on(DescribeAvailabilityZonesCommand).resolves({
    AvailabilityZones: zones.map(({ id, name }) => ({ ZoneId: id, ZoneName: name })),
  });
  ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({
    InstanceTypeOfferings: zones.filter(({ offersType = true }) => offersType).map(({ id }) => ({ Location: id })),
  });
}

beforeEach(() => {
  for (const client of [ec2, eks, ssm]) client.reset();
  offerZones(["a", "b", "c", "d"].map((letter, index) => ({ id: `use1-az${index + 1}`, name: `us-east-1${letter}` })));
  eks.on(DescribeClusterVersionsCommand).resolves({
    clusterVersions: [
      { clusterVersion: "1.38", versionStatus: "STANDARD_SUPPORT" },
      { clusterVersion: "1.36", versionStatus: "STANDARD_SUPPORT" },
      { clusterVersion: "1.35", versionStatus: "STANDARD_SUPPORT" },
      { clusterVersion: "1.33", versionStatus: "EXTENDED_SUPPORT" },
    ],
  });
  eks.on(DescribeAddonVersionsCommand).resolves({
    addons: [
      {
        addonVersions: [
          { addonVersion: "v2", compatibilities: [{ defaultVersion: false }] },
          { addonVersion: "v1", compatibilities: [{ defaultVersion: true }] },
        ],
      },
    ],
  });
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: "1.36.1-20261110" } });
});

test("takes the newest version in standard support that was tested, default add-ons and the recommended image", async () => {
  const resolved = await resolveVersions(aws, configWith());
  expect(resolved.kubernetes).toBe("1.36");
  expect(new Set(Object.values(resolved.addons))).toEqual(new Set(["v1"]));
  expect(Object.keys(resolved.addons)).toContain("eks-pod-identity-agent");
  expect(resolved.nodeImage).toEqual({ release: "1.36.1-20261110", alias: "al2023@v20261110" });
});

test("leaves out zones where EKS has no capacity", async () => {
  const { zones } = await resolveVersions(aws, configWith());
  expect(zones.map(({ id }) => id)).toEqual(["use1-az1", "use1-az2", "use1-az4"]);
});

test.each([
  { wanted: 2, taken: 2 },
  { wanted: 4, taken: 3 },
])("takes $taken of 3 zones when $wanted are wanted", async ({ wanted, taken }) => {
  const { zones } = await resolveVersions(aws, configWith({}, wanted));
  expect(zones).toHaveLength(taken);
});

test("needs two zones", async () => {
  offerZones([
    { id: "use1-az1", name: "us-east-1a" },
    { id: "use1-az3", name: "us-east-1c" },
  ]);
  await expect(resolveVersions(aws, configWith())).rejects.toMatchObject({ code: "TooFewZones" });
});

test("puts a zone that offers the core nodes' instance type first", async () => {
  offerZones([
    { id: "use1-az1", name: "us-east-1a", offersType: false },
    { id: "use1-az2", name: "us-east-1b" },
  ]);
  const { zones } = await resolveVersions(aws, configWith());
  expect(zones[0]).toEqual({ id: "use1-az2", name: "us-east-1b" });
});

test("refuses a version out of standard support, and takes it when extended support is asked for", async () => {
  const kubernetesVersion = "1.33";
  await expect(resolveVersions(aws, configWith({ kubernetesVersion }))).rejects.toMatchObject({
    code: "KubernetesOutOfSupport",
  });
  const resolved = await resolveVersions(aws, configWith({ kubernetesVersion, supportPolicy: "EXTENDED" }));
  expect(resolved.kubernetes).toBe("1.33");
});

test("says what is offered when the wanted version is not", async () => {
  await expect(resolveVersions(aws, configWith({ kubernetesVersion: "1.29" }))).rejects.toMatchObject({
    code: "KubernetesNotOffered",
    hint: "choose one of: 1.38, 1.36, 1.35, 1.33 (extended support)",
  });
});

test("an instance type that no zone offers is an error that names it", async () => {
  offerZones([{ id: "use1-az1", name: "us-east-1a", offersType: false }]);
  await expect(resolveVersions(aws, configWith())).rejects.toMatchObject({ code: "InstanceTypeNotOffered" });
});
