import { DescribeInstancesCommand, DescribeVpcsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { makeInstituteNetwork } from "../helpers/institute-network.ts";
import { passwords } from "../helpers/installed-world.ts";
import { projectRoot, startSandbox, type Sandbox } from "../helpers/sandbox.ts";

const run = promisify(execFile);

let sandbox: Sandbox;
let env: NodeJS.ProcessEnv;
/** The folder that holds the deployments of both examples. */
let cwd: string;
let aws: ReturnType<typeof clientsFor>;
/** What the sandbox's account has in place of the examples' own. */
let here: Record<string, string>;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hubctl-e2e-"));
  for (const name of ["hackweek", "foundation"]) {
    await cp(join(projectRoot, "examples", name), cwd, { recursive: true });
  }
  sandbox = await startSandbox(`e2e-examples-${process.pid}`);
  aws = clientsFor(sandbox.env);
  here = { certificate: sandbox.env["TF_VAR_aws_certificate_arn"]! };
  env = {
    ...sandbox.env,
    ...passwords,
    HUBCTL_GITHUB_CLIENT_ID: "a-client-id",
    HUBCTL_GITHUB_CLIENT_SECRET: "a-client-secret-0f5e9",
  };
  return async () => {
    await sandbox.down();
    await rm(cwd, { recursive: true, force: true });
  };
});

function install(name: string, settings: Record<string, string>, ...more: string[]) {
  const fields = Object.entries({ ...here, ...settings }).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
  return hubctl(["install", "--deployment", name, ...fields, ...more], { cwd, env });
}

async function kubectl(name: string, ...args: string[]): Promise<string> {
  const kubeconfig = join(cwd, ".hubctl", name, "kubeconfig");
  const { stdout } = await run("kubectl", ["--kubeconfig", kubeconfig, ...args], { env });
  return stdout;
}

async function makeBucket(Bucket: string, region: "us-east-2" | "us-west-2"): Promise<void> {
  const { s3 } = clientsFor({ ...env, AWS_REGION: region });
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
}

test("the hack week: three sizes, a GPU's device plugin, a filled folder, buckets of two regions", async () => {
  await makeBucket("ocean-hack-week-tutorials", "us-east-2");
  await makeBucket("ocean-hack-week-scratch", "us-east-2");
  await makeBucket("ocean-hack-week-models", "us-west-2");
  // A registry outside of this machine would have to say what the tag means.
  const settings = { domain: "hackweek.dandi.example", "image.freeze": "false" };
  const first = await install("hackweek", settings, "--yes");
  expect(first.exitCode, first.stderr).toBe(0);
  const again = await install("hackweek", settings);
  expect(again.stderr).toContain("Nothing to do");

  expect(await kubectl("hackweek", "get", "nodepools", "-o", "name")).toMatch(/gpu/i);
  expect(await kubectl("hackweek", "get", "daemonsets", "-A", "-o", "name")).toMatch(/nvidia/);
  const claims = await kubectl("hackweek", "get", "pvc", "-n", "jupyterhub", "-o", "jsonpath={.items[*].status.phase}");
  expect(new Set(claims.split(" "))).toEqual(new Set(["Bound"]));
  const { Vpcs = [] } = await aws.ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: "tag:Project", Values: ["ocean-hack-week-2026"] }] }),
  );
  expect(Vpcs).toHaveLength(1);
});

test("the foundation: in a VPC that was there, with its passwords, and m5.xlarge for the hub", async () => {
  const network = await makeInstituteNetwork(aws.ec2);
  await makeBucket("satellite-foundation-scenes", "us-east-2");
  const before = await ownVpcs(aws.ec2);
  const list = (ids: readonly string[]) => JSON.stringify(ids);
  const settings = {
    domain: "foundation.dandi.example",
    "network.existingVpc.id": network.id,
    "network.existingVpc.nodeSubnets": list(network.nodeSubnets),
    "network.existingVpc.loadBalancerSubnets": list(network.loadBalancerSubnets),
  };
  const first = await install("foundation", settings, "--yes");
  expect(first.exitCode, first.stderr).toBe(0);
  const again = await install("foundation", settings);
  expect(again.stderr).toContain("Nothing to do");

  expect(await ownVpcs(aws.ec2)).toEqual(before);
  const { Reservations = [] } = await aws.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: "vpc-id", Values: [network.id] }] }),
  );
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
  expect(instances.map(({ InstanceType }) => InstanceType)).toEqual(["m5.xlarge", "m5.xlarge"]);
  expect(network.nodeSubnets).toEqual(expect.arrayContaining(instances.map(({ SubnetId }) => SubnetId)));
});

async function ownVpcs(ec2: EC2Client): Promise<string[]> {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  return Vpcs.map(({ VpcId }) => VpcId!).toSorted();
}
