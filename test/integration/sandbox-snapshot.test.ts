import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateBucketCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { restoreSandbox, snapshotFolder, startSandbox, type Sandbox } from "../helpers/sandbox.ts";

const name = `snapshot-${process.pid}`;
const Bucket = "kept-bucket";
const region = { LocationConstraint: "us-east-2" } as const;
const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: "arn:aws:s3:::kept-bucket/*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ],
});

let folder: string;
let sandbox: Sandbox;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hubctl-snapshot-"));
  sandbox = await startSandbox(name);
  await fillAccount();
  await writeFile(join(folder, "hub.yaml"), "domain: kept.example\n");
  await sandbox.takeSnapshot(name, folder);
}, 900_000);

afterAll(async () => {
  await sandbox.down();
  for (const path of [folder, snapshotFolder(name)]) await rm(path, { recursive: true, force: true });
});

/** Something of each kind that is remembered in a place of its own. */
async function fillAccount(): Promise<void> {
  const { s3, ec2 } = clientsFor(sandbox.env);
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: region }));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  for (const Body of ["first", "second"]) await s3.send(new PutObjectCommand({ Bucket, Key: "state", Body }));
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy }));
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const { GroupId } = SecurityGroups[0]!;
  const pairs = [{ GroupId, Description: "among themselves" }];
  const permission = { IpProtocol: "tcp", FromPort: 2049, ToPort: 2049, UserIdGroupPairs: pairs };
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [permission] }));
}

test("a restored world is the one that was kept, whatever happened since, under the same address and keys", async () => {
  const { s3, ec2 } = clientsFor(sandbox.env);
  await s3.send(new PutObjectCommand({ Bucket, Key: "state", Body: "third" }));
  await s3.send(new CreateBucketCommand({ Bucket: "later-bucket", CreateBucketConfiguration: region }));
  const copy = join(folder, "restored");
  const restored = await restoreSandbox(name, name, copy);

  expect(restored.env["AWS_ENDPOINT_URL"]).toBe(sandbox.env["AWS_ENDPOINT_URL"]);
  expect(restored.env["AWS_ACCESS_KEY_ID"]).toBe(sandbox.env["AWS_ACCESS_KEY_ID"]);
  // The very clients from before: their keys are still known.
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets.map((bucket) => bucket.Name)).toEqual([Bucket]);
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions).toHaveLength(2);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "state" }));
  expect(await Body?.transformToString()).toBe("second");
  expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(policy);
  const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({}));
  expect(SecurityGroupRules.map(({ Description }) => Description)).toContain("among themselves");
  expect(await readdir(copy)).toEqual(["hub.yaml"]);
  expect(await readFile(join(copy, "hub.yaml"), "utf8")).toBe("domain: kept.example\n");
});

test("a folder that holds something is left alone, and a snapshot that is not there is said so", async () => {
  await expect(restoreSandbox(name, name, folder)).rejects.toMatchObject({
    stderr: expect.stringContaining("is not empty") as string,
  });
  await expect(restoreSandbox(name, "never-taken", folder)).rejects.toMatchObject({
    stderr: expect.stringContaining("there is no snapshot never-taken") as string,
  });
});

test("two sandboxes of one snapshot can't run at a time, since they have the same address", async () => {
  const other = `${name}-b`;
  await expect(restoreSandbox(other, name, join(folder, "other"))).rejects.toMatchObject({
    stderr: expect.stringMatching(/port \d+ is in use[^]*take the other one down/) as string,
  });
});
