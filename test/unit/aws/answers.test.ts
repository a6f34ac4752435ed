import { DescribeClusterCommand, DescribeNodegroupCommand, ListNodegroupsCommand } from "@aws-sdk/client-eks";
import { DescribeLoadBalancersCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { describe, expect, it } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { accessTo, describeCluster } from "../../../src/aws/cluster.ts";
import { clusterCreation, nodeGroupCreation } from "../../../src/aws/creation-state.ts";
import { findLoadBalancer } from "../../../src/aws/load-balancer.ts";
import { readSecretValue, writeSecretValue } from "../../../src/aws/secret-value.ts";
import { readStateObject, writeStateObject } from "../../../src/aws/state-object.ts";
import { account, awsError, mockAws } from "../../helpers/installation.ts";

const mocks = mockAws();
const aws = createClients("us-east-2");
const gone = awsError("ResourceNotFoundException", 404);
const denied = awsError("AccessDeniedException", 403);

describe("a secret's value", () => {
  it("is undefined while nothing was put into it", async () => {
    mocks.secrets.on(GetSecretValueCommand).rejects(gone);
    expect(await readSecretValue(aws, "arn")).toBeUndefined();
  });

  it("that may not be read is not taken for a missing one", async () => {
    mocks.secrets.on(GetSecretValueCommand).rejects(denied);
    await expect(readSecretValue(aws, "arn")).rejects.toBe(denied);
  });

  it("is read and written as text", async () => {
    mocks.secrets.on(GetSecretValueCommand, { SecretId: "arn" }).resolves({ SecretString: "text" });
    expect(await readSecretValue(aws, "arn")).toBe("text");
    await writeSecretValue(aws, "arn", "new");
    expect(mocks.secrets.commandCalls(PutSecretValueCommand)[0]!.args[0].input).toEqual({
      SecretId: "arn",
      SecretString: "new",
    });
  });
});

describe("the creation of", () => {
  it.each([
    ["CREATING", "under way"],
    ["ACTIVE", "ended"],
    ["UPDATING", "ended"],
    ["FAILED", "failed"],
  ] as const)("a cluster that is %s is %s", async (status, state) => {
    mocks.eks.on(DescribeClusterCommand).resolves({ cluster: { name: "dandihub", status } });
    expect(await clusterCreation(aws, "dandihub")).toBe(state);
  });

  it.each([
    ["CREATING", "under way"],
    ["ACTIVE", "ended"],
    ["DEGRADED", "ended"],
    ["CREATE_FAILED", "failed"],
  ] as const)("a node group that is %s is %s", async (status, state) => {
    mocks.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core-2026"] });
    mocks.eks.on(DescribeNodegroupCommand).resolves({ nodegroup: { status } });
    expect(await nodeGroupCreation(aws, "dandihub")).toBe(state);
  });

  it("a node group is told by the newer one, while one replaces the other", async () => {
    mocks.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core", "core-2026", "gpu"] });
    const group = (nodegroupName: string, createdAt: Date, status: "ACTIVE" | "CREATING") =>
      mocks.eks
        .on(DescribeNodegroupCommand, { nodegroupName })
        .resolves({ nodegroup: { nodegroupName, createdAt, status } });
    group("core", new Date("2026-01-01"), "ACTIVE");
    group("core-2026", new Date("2026-11-01"), "CREATING");
    expect(await nodeGroupCreation(aws, "dandihub")).toBe("under way");
  });

  it("what is gone has failed; what may not be seen has not", async () => {
    mocks.eks.on(DescribeClusterCommand).rejects(gone);
    mocks.eks.on(ListNodegroupsCommand).rejects(gone);
    expect([await clusterCreation(aws, "x"), await nodeGroupCreation(aws, "x")]).toEqual(["failed", "failed"]);
    mocks.eks.on(DescribeClusterCommand).rejects(denied);
    mocks.eks.on(ListNodegroupsCommand).rejects(denied);
    await expect(clusterCreation(aws, "x")).rejects.toBe(denied);
    await expect(nodeGroupCreation(aws, "x")).rejects.toBe(denied);
  });
});

describe("a cluster", () => {
  it("that does not exist is undefined", async () => {
    mocks.eks.on(DescribeClusterCommand).rejects(gone);
    expect(await describeCluster(aws, "dandihub")).toBeUndefined();
  });

  it("can be reached once it has endpoint and certificate", () => {
    const cluster = { name: "dandihub", endpoint: "https://api" };
    expect(accessTo(cluster, "us-east-2")).toBeUndefined();
    expect(accessTo({ ...cluster, certificateAuthority: { data: "Q0E=" } }, "us-east-2")).toEqual({
      ...cluster,
      region: "us-east-2",
      certificateAuthority: "Q0E=",
    });
  });
});

it("a load balancer is found by its name on any page, in any case", async () => {
  mocks.elb
    .on(DescribeLoadBalancersCommand)
    .resolvesOnce({ LoadBalancers: [{ DNSName: "a" }], NextMarker: "next" })
    .resolves({ LoadBalancers: [{ DNSName: "Hub-1.elb" }] });
  expect(await findLoadBalancer(aws, "hub-1.ELB")).toEqual({ DNSName: "Hub-1.elb" });
  expect(await findLoadBalancer(aws, "another")).toBeUndefined();
});

describe("a file in the state bucket", () => {
  const where = { Bucket: "hubctl-123456789012-us-east-2", Key: "a/b", ExpectedBucketOwner: account };

  it("is undefined when there is none, and an error when it may not be read", async () => {
    mocks.s3.on(GetObjectCommand).rejects(awsError("NoSuchKey", 404));
    expect(await readStateObject(aws, account, "a/b")).toBeUndefined();
    mocks.s3.on(GetObjectCommand).rejects(denied);
    await expect(readStateObject(aws, account, "a/b")).rejects.toBe(denied);
  });

  it("is read and written with the owner named", async () => {
    const Body = { transformToString: () => Promise.resolve("text") } as never;
    mocks.s3.on(GetObjectCommand, where).resolves({ Body });
    expect(await readStateObject(aws, account, "a/b")).toBe("text");
    mocks.s3.on(PutObjectCommand).resolves({ VersionId: "v2" });
    expect(await writeStateObject(aws, account, "a/b", "new")).toBe("v2");
    expect(mocks.s3.commandCalls(PutObjectCommand)[0]!.args[0].input).toEqual({ ...where, Body: "new" });
  });
});
