import { CreateBucketCommand, GetBucketVersioningCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { describe, expect, it } from "vitest";
import { readLock, writeLock } from "../../../src/config/lock-file.ts";
import { generatedSecretsSchema } from "../../../src/releases/inputs.ts";
import { generatedSecrets } from "../../../src/steps/generated-secrets.ts";
import { recordVersions } from "../../../src/steps/record-versions.ts";
import { stateBucket } from "../../../src/steps/state-bucket.ts";
import { awsError, fakeInstallation, mockAws, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const aws = mockAws();
const { lock } = releaseInputs();
const charted = { ...lock, charts: { jupyterhub: "4.4.0" }, addons: { coredns: "v1" } };

describe("record-versions", () => {
  it("writes what was resolved, exactly as it was shown", async () => {
    const installation = fakeInstallation({ answers: { lock: { lock: charted, recorded: false } } });
    const { change } = await runChecked(recordVersions, installation);
    expect(change).toBe("Kubernetes 1.36, hub chart 4.4.0, 2 zones");
    expect(readLock(installation.deployment.lockFile)).toEqual(charted);
    expect(installation.forget).toHaveBeenCalled();
  });

  it("never writes over what another run has written since it looked", async () => {
    const installation = fakeInstallation({ answers: { lock: { lock: charted, recorded: false } } });
    const other = { ...charted, id: "fedcba9876543210" };
    await writeLock(installation.deployment.lockFile, other);
    await expect(runChecked(recordVersions, installation)).rejects.toMatchObject({ code: "RecordedMeanwhile" });
    expect(readLock(installation.deployment.lockFile)).toEqual(other);
  });

  it("writes what an upgrade has chosen, and tells each move", async () => {
    const next = { ...charted, kubernetes: "1.37", charts: { jupyterhub: "4.5.0" } };
    const answers = { lock: { lock: next, recorded: true, replaces: charted } };
    const installation = fakeInstallation({ answers });
    await writeLock(installation.deployment.lockFile, charted);
    const { change } = await runChecked(recordVersions, installation);
    expect(change).toBe("Kubernetes 1.36 → 1.37, chart jupyterhub 4.4.0 → 4.5.0");
    expect(readLock(installation.deployment.lockFile)).toEqual(next);
  });

  it("never writes again", async () => {
    const installation = fakeInstallation({ answers: { lock: { lock: charted, recorded: true } } });
    expect(await recordVersions.check(installation)).toEqual({ done: "Kubernetes 1.36, hub chart 4.4.0, 2 zones" });
  });
});

describe("another Kubernetes version than the recorded one", () => {
  it.each([
    ["1.35", "EKS has no way back"],
    ["1.37", "hubctl update --upgrade kubernetes moves it"],
  ])("is said to have no effect: %s", async (kubernetesVersion, why) => {
    const { config } = releaseInputs();
    const wanted = { ...config, cluster: { ...config.cluster, kubernetesVersion } };
    const installation = fakeInstallation({ config: wanted });
    expect(await recordVersions.check(installation)).toHaveProperty("done");
    expect(installation.notes).toEqual([
      `! Kubernetes stays at 1.36, as recorded; the configuration's ${kubernetesVersion} has no effect: ${why}`,
    ]);
  });
});

describe("another version of the hub's chart than the recorded one", () => {
  it.each([
    ["4.3.5", "only update --rollback goes back"],
    ["4.5.0", "hubctl update --upgrade hub moves it"],
  ])("is said to have no effect: %s", async (chartVersion, why) => {
    const { config } = releaseInputs();
    const answers = { lock: { lock: charted, recorded: true } };
    const installation = fakeInstallation({ config: { ...config, hub: { ...config.hub, chartVersion } }, answers });
    expect(await recordVersions.check(installation)).toHaveProperty("done");
    expect(installation.notes).toEqual([
      `! the hub's chart stays at 4.4.0, as recorded; the configuration's ${chartVersion} has no effect: ${why}`,
    ]);
  });
});

describe("another number of zones than the recorded one", () => {
  const { config } = releaseInputs();

  it("is said to have no effect", async () => {
    const vpc = { ...config.network.vpc, zones: 4 };
    const installation = fakeInstallation({ config: { ...config, network: { ...config.network, vpc } } });
    expect(await recordVersions.check(installation)).toHaveProperty("done");
    expect(installation.notes).toEqual([
      "! the VPC stays in 2 zones, as recorded; the configuration's 4 has no effect",
    ]);
  });

  it("is nobody's wish where the VPC was there before", async () => {
    const network = {
      ...config.network,
      vpc: { ...config.network.vpc, zones: 4 },
      existingVpc: { id: "vpc-1", nodeSubnets: ["subnet-1", "subnet-2"], loadBalancerSubnets: ["subnet-3"] },
    };
    const installation = fakeInstallation({ config: { ...config, network } });
    expect(await recordVersions.check(installation)).toHaveProperty("done");
    expect(installation.notes).toEqual([]);
  });
});

describe("state-bucket", () => {
  it("creates the bucket first and takes the run lock then", async () => {
    aws.s3.on(GetBucketVersioningCommand).rejects(awsError("NoSuchBucket", 404));
    const installation = fakeInstallation();
    installation.takeRunLock.mockImplementation(() => {
      expect(aws.s3.commandCalls(PutBucketVersioningCommand)).toHaveLength(1);
      return Promise.resolve();
    });
    const found = await stateBucket.check(installation);
    expect(found).toMatchObject({ change: "create the bucket hubctl-123456789012-us-east-2" });
    expect(installation.takeRunLock).not.toHaveBeenCalled();
    await runChecked(stateBucket, installation);
    expect(aws.s3.commandCalls(CreateBucketCommand)).toHaveLength(1);
    expect(installation.takeRunLock).toHaveBeenCalledOnce();
    expect(installation.forget).toHaveBeenCalled();
  });

  it("mends a bucket that an interrupted run left unfinished", async () => {
    aws.s3.on(GetBucketVersioningCommand).resolves({});
    aws.s3.on(CreateBucketCommand).rejects(awsError("BucketAlreadyOwnedByYou", 409));
    const installation = fakeInstallation({ answers: { stateBucketReady: false } });
    const { change } = await runChecked(stateBucket, installation);
    expect(change).toBe("create the bucket hubctl-123456789012-us-east-2");
    expect(aws.s3.commandCalls(PutBucketVersioningCommand)).toHaveLength(1);
  });

  it("takes the run lock in a bucket with state, whose versions somebody has stopped, before that is mended", async () => {
    aws.s3.on(GetBucketVersioningCommand).resolves({ Status: "Suspended" });
    const installation = fakeInstallation();
    const change = "versions and protection for the bucket hubctl-123456789012-us-east-2";
    expect(await stateBucket.check(installation)).toMatchObject({ change });
    expect(installation.takeRunLock).toHaveBeenCalledOnce();
    expect(aws.s3.commandCalls(PutBucketVersioningCommand)).toEqual([]);
  });

  it("takes the run lock also when the bucket is there already, whoever made it", async () => {
    aws.s3.on(GetBucketVersioningCommand).resolves({ Status: "Enabled" });
    const installation = fakeInstallation();
    expect(await stateBucket.check(installation)).toEqual({ done: "hubctl-123456789012-us-east-2" });
    expect(installation.takeRunLock).toHaveBeenCalledOnce();
  });
});

describe("generated-secrets", () => {
  it("waits for the storage", async () => {
    const installation = fakeInstallation({ answers: { storageOutputs: undefined, generatedSecrets: undefined } });
    expect(await generatedSecrets.check(installation)).toEqual({ unknown: "known once the storage exists" });
  });

  it("makes three different keys and keeps them in the storage's secret", async () => {
    aws.secrets.on(PutSecretValueCommand).resolves({});
    const installation = fakeInstallation({ answers: { generatedSecrets: undefined } });
    await runChecked(generatedSecrets, installation);
    const { SecretId, SecretString } = aws.secrets.commandCalls(PutSecretValueCommand)[0]!.args[0].input;
    expect(SecretId).toBe("arn:aws:secretsmanager:us-east-2:123456789012:secret:dandihub-generated");
    const made = generatedSecretsSchema.parse(JSON.parse(SecretString!));
    expect(new Set(Object.values(made)).size).toBe(3);
    expect(installation.forget).toHaveBeenCalled();
  });

  it("never makes them anew", async () => {
    expect(await generatedSecrets.check(fakeInstallation())).toEqual({ done: "kept since the first install" });
    expect(aws.secrets.calls()).toEqual([]);
  });
});
