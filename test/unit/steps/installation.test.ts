import { DescribeAvailabilityZonesCommand, DescribeInstanceTypeOfferingsCommand } from "@aws-sdk/client-ec2";
import {
  DescribeAddonVersionsCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
} from "@aws-sdk/client-eks";
import { GetBucketVersioningCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { writeLock } from "../../../src/config/lock-file.ts";
import { createInstallation, type InstallationOptions } from "../../../src/steps/installation.ts";
import { account, awsError, fakeInstallation, mockAws } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const aws = mockAws();
const { lock, generated } = releaseInputs();
const cluster = { name: "dandihub", endpoint: "https://api", certificateAuthority: { data: "Q0E=" } };

function create(more: Partial<InstallationOptions> = {}) {
  const hidden: string[] = [];
  const fake = fakeInstallation();
  const installation = createInstallation({
    deployment: fake.deployment,
    config: fake.config,
    secrets: fake.secrets,
    workDir: fake.workDir,
    exec: fake.exec,
    program: fake.program,
    chartMirror: undefined,
    signal: fake.signal,
    note: fake.note,
    hubctlVersion: "0.1.0",
    hideSecrets: (...values) => void hidden.push(...values),
    terraformRuns: { exec: fake.exec, start: () => expect.unreachable("nothing is run") },
    takeRunLock: fake.takeRunLock,
    leaveStateBucket: fake.leaveStateBucket,
    ...more,
  });
  return { installation, hidden, fake };
}

beforeEach(() => {
  aws.sts.on(GetCallerIdentityCommand).resolves({ Account: account, Arn: `arn:aws:iam::${account}:user/operator` });
});

describe("the lock", () => {
  it("is resolved once before the first install, and nothing is written", async () => {
    aws.ec2.on(DescribeAvailabilityZonesCommand).resolves({
      AvailabilityZones: ["a", "b"].map((letter, index) => ({
        ZoneId: `use2-az${index + 1}`,
        ZoneName: `us-east-2${letter}`,
      })),
    });
    aws.ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({
      InstanceTypeOfferings: [{ Location: "use2-az1" }, { Location: "use2-az2" }],
    });
    aws.eks.on(DescribeClusterVersionsCommand).resolves({
      clusterVersions: [{ clusterVersion: "1.36", versionStatus: "STANDARD_SUPPORT" }],
    });
    aws.eks.on(DescribeAddonVersionsCommand).resolves({ addons: [{ addonVersions: [{ addonVersion: "v1" }] }] });
    aws.ssm.on(GetParameterCommand).resolves({ Parameter: { Value: "1.36.1-20261110" } });
    const { installation } = create();
    const first = await installation.lock();
    expect(first).toMatchObject({
      recorded: false,
      lock: { hubctl: "0.1.0", account, region: "us-east-2", installer: `arn:aws:iam::${account}:user/operator` },
    });
    expect(first.lock.id).toMatch(/^[0-9a-f]{16}$/);
    expect(await installation.lock()).toBe(first);
  });

  it("is what an upgrade chooses, once a run: what it wrote is not moved on from", async () => {
    let asked = 0;
    const chooseLock: InstallationOptions["chooseLock"] = (_, recorded) => {
      asked += 1;
      return Promise.resolve({ ...recorded, kubernetes: `1.${Number(recorded.kubernetes.split(".")[1]) + 1}` });
    };
    const { installation } = create({ chooseLock });
    await writeLock(installation.deployment.lockFile, { ...lock, kubernetes: "1.35" });
    const chosen = await installation.lock();
    expect(chosen).toMatchObject({ lock: { kubernetes: "1.36" }, replaces: { kubernetes: "1.35" }, recorded: true });
    await writeLock(installation.deployment.lockFile, chosen.lock);
    installation.forget();
    expect(await installation.lock()).toEqual({ lock: chosen.lock, recorded: true });
    expect(asked).toBe(1);
  });

  it("is the recorded one afterwards, and AWS is not asked", async () => {
    const { installation } = create();
    await writeLock(installation.deployment.lockFile, lock);
    expect(await installation.lock()).toEqual({ lock, recorded: true });
    expect([...aws.ec2.calls(), ...aws.eks.calls()]).toEqual([]);
  });
});

describe("the stacks' outputs", () => {
  it("are unknown while there is no state bucket, and no Terraform is run for that", async () => {
    aws.s3.on(GetBucketVersioningCommand).rejects(awsError("NoSuchBucket", 404));
    const { installation } = create();
    await writeLock(installation.deployment.lockFile, lock);
    expect(await installation.storageOutputs()).toBeUndefined();
    expect(await installation.clusterOutputs()).toBeUndefined();
    expect(await installation.generatedSecrets()).toBeUndefined();
    expect(await installation.releaseInputs()).toBeUndefined();
  });
});

describe("the generated secrets", () => {
  function withSecret(SecretString: string) {
    aws.secrets.on(GetSecretValueCommand).resolves({ SecretString });
    aws.s3.on(GetBucketVersioningCommand).resolves({ Status: "Enabled" });
    const created = create();
    const { storage } = releaseInputs();
    const stack = created.installation.stacks.storage;
    stack.outputs = () => Promise.resolve({ ...storage });
    return created;
  }

  it("are hidden from screen and log as soon as they are known", async () => {
    const { installation, hidden } = withSecret(JSON.stringify(generated));
    expect(await installation.generatedSecrets()).toEqual(generated);
    expect(hidden).toEqual(Object.values(generated));
  });

  it.each(["not JSON: s3cr3t", '{"cookieSecret":"s3cr3t"}'])("that are broken are not quoted: %s", async (text) => {
    const { installation } = withSecret(text);
    const failure: unknown = await installation.generatedSecrets().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "GeneratedSecretsBroken", exitCode: 2, cause: undefined });
    expect(String((failure as Error).stack)).not.toContain("s3cr3t");
  });
});

describe("the state bucket", () => {
  it.each([
    ["Enabled", false, true],
    ["Suspended", true, true],
    ["Suspended", false, false],
  ] as const)("with versions %s, and state %s, is of use: %s", async (Status, hasState, expected) => {
    aws.s3.on(GetBucketVersioningCommand).resolves({ Status });
    const Body = { transformToString: () => Promise.resolve("{}") };
    if (hasState) aws.s3.on(GetObjectCommand).resolves({ Body: Body as never });
    else aws.s3.on(GetObjectCommand).rejects(awsError("NoSuchKey", 404));
    expect(await create().installation.stateBucketReady()).toBe(expected);
  });
});

describe("the kubeconfig", () => {
  it("is unknown while the cluster has no endpoint", async () => {
    aws.eks.on(DescribeClusterCommand).resolves({ cluster: { name: "dandihub", status: "CREATING" } });
    const { installation } = create();
    expect(await installation.kubeconfigText()).toBeUndefined();
    expect(await installation.kubeTarget()).toBeUndefined();
  });

  it("is of use once what was written fits the cluster, and no more when the cluster is another one", async () => {
    aws.s3.on(GetBucketVersioningCommand).rejects(awsError("NoSuchBucket", 404));
    aws.eks.on(DescribeClusterCommand).resolves({ cluster });
    const { installation } = create();
    const { kubeconfig } = installation.workDir;
    expect(await installation.kubeTarget()).toBeUndefined();
    await writeFile(kubeconfig, (await installation.kubeconfigText())!);
    installation.forget();
    expect(await installation.kubeTarget()).toEqual({ kubeconfig, context: "hubctl-dandihub" });

    aws.eks.on(DescribeClusterCommand).resolves({ cluster: { ...cluster, endpoint: "https://rebuilt" } });
    expect(await installation.kubeTarget()).toBeDefined();
    installation.forget();
    expect(await installation.kubeTarget()).toBeUndefined();
    expect(await installation.kubeconfigText()).toContain("https://rebuilt");
  });

  it("that is not here yet is stood in for, once the cluster's stack has been applied", async () => {
    aws.eks.on(DescribeClusterCommand).resolves({ cluster });
    aws.s3.on(GetBucketVersioningCommand).resolves({ Status: "Enabled" });
    const { installation, fake } = create();
    await writeLock(fake.deployment.lockFile, lock);
    const state = (outputs: object) => {
      const written = Object.fromEntries(
        Object.entries(outputs).map(([name, value]) => [name, { value: value as unknown }]),
      );
      const Body = { transformToString: () => Promise.resolve(JSON.stringify({ outputs: written })) };
      aws.s3.on(GetObjectCommand).resolves({ Body: Body as never });
      installation.forget();
    };
    state({ cluster_name: "dandihub" });
    expect(await installation.kubeTarget()).toBeUndefined();

    state(releaseInputs().cluster);
    const { kubeconfig, kubeconfigForChecks } = installation.workDir;
    expect(await installation.kubeTarget()).toEqual({ kubeconfig: kubeconfigForChecks, context: "hubctl-dandihub" });
    expect(await readFile(kubeconfigForChecks, "utf8")).toBe(await installation.kubeconfigText());
    expect(existsSync(kubeconfig)).toBe(false);
  });
});
