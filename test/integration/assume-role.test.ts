import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { CallRecord } from "../../sandbox/aws/front.ts";
import { getCaller, principalArn } from "../../src/aws/caller.ts";
import { createClients } from "../../src/aws/clients.ts";
import { sessionName } from "../../src/aws/login.ts";
import { stateBucketName } from "../../src/aws/state-bucket.ts";
import { stackKey, terraformOverride } from "../../src/steps/terraform-override.ts";
import { testedVersions } from "../../src/versions.ts";
import { account, region, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";

const run = promisify(execFile);
let aws: SimulatedAws;
let roleArn: string;
let operator: string;

beforeAll(async () => {
  aws = await startSimulatedAws();
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  vi.stubEnv("AWS_PROFILE", undefined);
  vi.stubEnv("AWS_SESSION_TOKEN", undefined);
  operator = (await getCaller(createClients(region))).arn;
  const { accessKeyId, secretAccessKey } = aws.seeded.operator;
  const client = { region, endpoint: aws.front.url, credentials: { accessKeyId, secretAccessKey } };
  const iam = new IAMClient(client);
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: operator }, Action: "sts:AssumeRole" }],
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: "obs-terraform-architect",
      Path: "/observatory/",
      AssumeRolePolicyDocument: JSON.stringify(trust),
    }),
  );
  roleArn = Role!.Arn!;
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: "obs-terraform-architect",
      PolicyName: "all",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
      }),
    }),
  );
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  await s3.send(
    new CreateBucketCommand({
      Bucket: stateBucketName(account, region),
      CreateBucketConfiguration: { LocationConstraint: region },
    }),
  );
}, 120_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

const session = () => `arn:aws:sts::${account}:assumed-role/obs-terraform-architect/${sessionName()}`;

it("the SDK's clients act as the role, and know who logged in", async () => {
  const clients = createClients(region, { assumeRole: roleArn });
  const caller = await getCaller(clients, { assumeRole: roleArn });
  expect(caller).toEqual({ account, arn: session(), login: operator });
  expect(await principalArn(clients, caller.arn)).toBe(roleArn);
});

it("a role that does not trust the login is named", async () => {
  const assumeRole = `arn:aws:iam::${account}:role/nobody-may`;
  await expect(getCaller(createClients(region, { assumeRole }), { assumeRole })).rejects.toMatchObject({
    code: "RoleNotAssumed",
    exitCode: 2,
    output: expect.stringContaining(assumeRole) as string,
  });
});

it("Terraform acts as the role, and keeps its state as the role", async () => {
  const dir = join(aws.dir, "stack");
  mkdirSync(dir);
  writeFileSync(
    join(dir, "main.tf"),
    `provider "aws" {
      region              = "${region}"
      allowed_account_ids = ["${account}"]
      s3_use_path_style   = true
    }
    data "aws_caller_identity" "this" {}
    output "arn" { value = data.aws_caller_identity.this.arn }\n`,
  );
  const config = { name: "staging", aws: { region, assumeRole: roleArn, rolePath: "/", namePrefix: "" } };
  const override = terraformOverride("cluster", "s3", {
    config,
    lock: { account, provider: testedVersions.provider },
  });
  writeFileSync(join(dir, "deployment_override.tf.json"), JSON.stringify(override));
  const terraform = (...args: string[]) => run(aws.terraform, args, { cwd: dir, env: aws.env });
  await terraform("init", "-input=false", "-no-color");
  await terraform("apply", "-input=false", "-no-color", "-auto-approve");
  const { stdout } = await terraform("output", "-raw", "arn");
  expect(stdout).toBe(session());

  const { s3 } = createClients(region, { assumeRole: roleArn });
  const Key = stackKey("staging", "cluster", "terraform.tfstate");
  await expect(
    s3.send(new HeadObjectCommand({ Bucket: stateBucketName(account, region), Key })),
  ).resolves.toHaveProperty("ETag");
  const lines = readFileSync(join(aws.dir, "aws-calls.jsonl"), "utf8").trim().split("\n");
  const writers = lines
    .map((line) => JSON.parse(line) as CallRecord)
    .filter(({ service, action, internal }) => service === "s3" && action === "PutObject" && !internal);
  expect(new Set(writers.map(({ caller }) => caller))).toEqual(new Set([session()]));
}, 120_000);
