import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { judgeAddress, judgeLoadBalancer } from "../../../src/health/load-balancer.ts";
import { checkLogin } from "../../../src/health/login.ts";
import { checkNotInstalled } from "../../../src/health/not-installed.ts";
import { judgeState, type StateFacts } from "../../../src/health/state.ts";
import { judgeStorage, type FileSystem } from "../../../src/health/storage.ts";
import { kubeObjects, minutesAgo, now, object, subject } from "../../helpers/health-scene.ts";
import { account, awsError, mockAws } from "../../helpers/installation.ts";

const aws = mockAws();
const clients = createClients("us-east-2");
const scene = { ...subject(), aws: clients };
const install = "hubctl install --deployment dandihub";

describe("the login", () => {
  it("is told as whom, and in which account", async () => {
    aws.sts.on(GetCallerIdentityCommand).resolves({ Account: account, Arn: `arn:aws:iam::${account}:user/operator` });
    await expect(checkLogin(scene)).resolves.toMatchObject({
      state: "ok",
      finding: `user/operator, account ${account}, region us-east-2`,
    });
  });

  it("to another account ends the look", async () => {
    aws.sts.on(GetCallerIdentityCommand).resolves({ Account: "999999999999", Arn: "arn:aws:iam::999999999999:user/x" });
    await expect(checkLogin(scene)).rejects.toMatchObject({ code: "WrongAccount", exitCode: 2 });
  });

  it("that has expired ends the look", async () => {
    aws.sts.on(GetCallerIdentityCommand).rejects(awsError("ExpiredToken", 403));
    await expect(checkLogin(scene)).rejects.toMatchObject({ code: "NotLoggedIn", exitCode: 2 });
  });

  it("is a problem when AWS can't be reached", async () => {
    aws.sts.on(GetCallerIdentityCommand).rejects(new Error("getaddrinfo ENOTFOUND sts.us-east-2.amazonaws.com"));
    await expect(checkLogin(scene)).resolves.toMatchObject({
      state: "problem",
      finding: "AWS can't be asked: getaddrinfo ENOTFOUND sts.us-east-2.amazonaws.com",
    });
  });
});

describe("a deployment without a lock file", () => {
  const me = { Account: account, Arn: `arn:aws:iam::${account}:user/operator` };

  it("is not installed yet, which is no problem", async () => {
    aws.sts.on(GetCallerIdentityCommand).resolves(me);
    aws.s3.on(ListObjectsV2Command).rejects(awsError("NoSuchBucket", 404));
    const { layers } = await checkNotInstalled(scene, now);
    expect(layers).toEqual([
      {
        layer: "configuration",
        state: "warning",
        finding: "not installed yet: there is no /hubs/dandihub.hub.lock.yaml",
        todo: install,
      },
    ]);
  });

  it("is a problem when the account has the state of such a deployment", async () => {
    aws.sts.on(GetCallerIdentityCommand).resolves(me);
    aws.s3
      .on(ListObjectsV2Command, { Bucket: `hubctl-${account}-us-east-2`, Prefix: "deployments/dandihub/" })
      .resolves({ Contents: [{ Key: "deployments/dandihub/storage/terraform.tfstate" }] });
    const { layers } = await checkNotInstalled(scene, now);
    expect(layers).toMatchObject([
      { state: "problem", todo: "hubctl init --fetch dandihub --region us-east-2, in an empty folder" },
    ]);
  });

  it("is not looked for in another account than its own", async () => {
    aws.sts.on(GetCallerIdentityCommand).resolves(me);
    const { config } = subject({
      aws: { region: "us-east-2", rolePath: "/", namePrefix: "", accountId: "999999999999" },
    });
    await expect(checkNotInstalled({ ...scene, config }, now)).rejects.toMatchObject({ code: "WrongAccount" });
    expect(aws.s3.commandCalls(GetObjectCommand)).toHaveLength(0);
  });
});

describe("the state", () => {
  const both = new Map([
    ["storage/terraform.tfstate", minutesAgo(60)],
    ["cluster/terraform.tfstate", minutesAgo(60)],
  ]);
  const judge = (facts: Partial<StateFacts>) =>
    judgeState(scene, { bucket: "ready", objects: both, stateLocks: [], ...facts });
  const runLock = (renewed: number) => ({
    user: "ann",
    host: "laptop",
    principal: "arn:aws:iam::123456789012:user/ann",
    command: "hubctl install",
    since: minutesAgo(30),
    renewed: minutesAgo(renewed),
  });
  const stateLock = { stack: "cluster" as const, id: "6b1c", who: "ann@laptop", since: minutesAgo(200) };

  it("is well with both states in the bucket", () => {
    expect(judge({})).toMatchObject({
      state: "ok",
      finding: "in hubctl-123456789012-us-east-2; no run under way",
    });
  });

  it("is well during a run, whose locks are told but are no fault", () => {
    expect(judge({ runLock: runLock(1), stateLocks: [stateLock] })).toMatchObject({
      state: "ok",
      finding: "in hubctl-123456789012-us-east-2; hubctl install by ann@laptop has been running for 30 min",
    });
  });

  it("may lack a stack during the first run, and not afterwards", () => {
    expect(judge({ objects: new Map(), runLock: runLock(1) })).toMatchObject({
      state: "warning",
      finding: expect.stringMatching(
        /^hubctl install by ann@laptop .* no Terraform state of storage and cluster/,
      ) as string,
    });
    expect(judge({ objects: new Map([...both].slice(0, 1)) })).toMatchObject({
      state: "problem",
      finding: "no Terraform state of cluster in hubctl-123456789012-us-east-2",
      todo: install,
    });
  });

  it("is a problem without a bucket, a warning when the bucket keeps no versions", () => {
    expect(judge({ bucket: "missing", objects: new Map() })).toMatchObject({ state: "problem" });
    expect(judge({ bucket: "incomplete" })).toMatchObject({ state: "warning", todo: install });
  });

  it("is a warning when a run has gone silent", () => {
    expect(judge({ runLock: runLock(7) })).toMatchObject({
      state: "warning",
      finding: "hubctl install by ann@laptop took the run lock 30 min ago and has given no sign of life for 7 min",
      todo: `make sure that it does not run there any more, then: ${install} --take-lock`,
    });
  });

  it("is a warning when Terraform's lock was left behind", () => {
    expect(judge({ stateLocks: [stateLock] })).toMatchObject({
      state: "warning",
      finding: "Terraform's lock of cluster is held by ann@laptop for 3 h",
      todo: expect.stringContaining(
        "terraform -chdir=/hubs/.hubctl/dandihub/terraform/cluster force-unlock 6b1c",
      ) as string,
    });
  });
});

describe("the storage", () => {
  const target = (zone: string, LifeCycleState = "available") => ({
    MountTargetId: `fsmt-${zone}`,
    AvailabilityZoneId: zone,
    LifeCycleState: LifeCycleState as "available",
    FileSystemId: "fs-1",
    SubnetId: "subnet-1",
  });
  const fileSystem = (mountTargets: FileSystem["mountTargets"], LifeCycleState = "available") => ({
    value: { description: { FileSystemId: "fs-1", LifeCycleState } as FileSystem["description"], mountTargets },
  });
  const both = [target("use2-az1"), target("use2-az2")];
  const claim = (name: string, phase = "Bound") =>
    object("PersistentVolumeClaim", { metadata: { name }, status: { phase } });
  const claims = (...items: object[]) => ({ value: kubeObjects(...items).claims });
  const bound = claims(claim("home"), claim("hub-db-dir"));

  it("is well when it can be mounted in every zone, and every claim is bound", () => {
    expect(judgeStorage(scene, fileSystem(both), bound)).toMatchObject({
      state: "ok",
      finding: "file system fs-1, 2 mount targets, 2 claims bound",
    });
  });

  it.each([
    ["no file system", { value: undefined }, "problem", "the file system with the users' homes is not there"],
    ["a file system that fails", fileSystem(both, "error"), "problem", "the file system fs-1 is error"],
    [
      "a zone without mount target",
      fileSystem([target("use2-az1")]),
      "problem",
      "no mount target in us-east-2b: servers there can't reach the homes",
    ],
    [
      "a mount target that is being made",
      fileSystem([both[0]!, target("use2-az2", "creating")]),
      "warning",
      "the mount target fsmt-use2-az2 is creating",
    ],
    [
      "a mount target that failed",
      fileSystem([both[0]!, target("use2-az2", "error")]),
      "problem",
      "the mount target fsmt-use2-az2 is error",
    ],
    ["no answer of EFS", { unknown: "AccessDenied" }, "unknown", "AccessDenied"],
  ] as const)("is not well with %s", (_, found, state, finding) => {
    expect(judgeStorage(scene, found, bound)).toMatchObject({ state, finding });
  });

  it("is a problem with a claim that is not bound, or without any", () => {
    expect(judgeStorage(scene, fileSystem(both), claims(claim("hub-db-dir", "Pending")))).toMatchObject({
      state: "problem",
      finding: "the claim hub-db-dir is Pending, not Bound",
      todo: "kubectl describe persistentvolumeclaim hub-db-dir -n jupyterhub",
    });
    expect(judgeStorage(scene, fileSystem(both), claims())).toMatchObject({ state: "problem" });
  });
});

describe("the load balancer", () => {
  const address = "hub-1.elb.us-east-2.amazonaws.com";
  const active = { State: { Code: "active" as const } };
  const target = (State: "healthy" | "unhealthy" | "initial", Description?: string) => ({
    TargetHealth: { State, ...(Description !== undefined && { Description }) },
  });
  const judge = (...targets: ReturnType<typeof target>[]) => judgeLoadBalancer(address, active, { value: targets });

  it("is well when all targets are healthy", () => {
    expect(judge(target("healthy"), target("healthy"))).toEqual({
      state: "ok",
      finding: "active, 2 of 2 targets healthy",
      details: { address, state: "active", targets: 2, healthyTargets: 2 },
    });
  });

  it("is a problem when none is, a warning when some are or all are new", () => {
    const sick = target("unhealthy", "Health checks failed");
    expect(judge(sick, sick)).toMatchObject({
      state: "problem",
      finding: "0 of 2 targets healthy (Health checks failed)",
    });
    expect(judge(target("healthy"), sick).state).toBe("warning");
    expect(judge(target("initial")).state).toBe("warning");
    expect(judge()).toMatchObject({
      state: "problem",
      finding: "the load balancer has no target: nobody reaches the hub",
    });
  });

  it("is a problem when AWS does not know it, or could not make it", () => {
    expect(judgeLoadBalancer(address, undefined, { value: [] })).toMatchObject({ state: "problem" });
    const failed = { State: { Code: "failed" as const, Reason: "no free addresses" } };
    expect(judgeLoadBalancer(address, failed, { value: [target("healthy")] })).toMatchObject({
      state: "problem",
      finding: "the load balancer is failed: no free addresses",
    });
  });

  it("is a warning while AWS makes it", () => {
    const provisioning = { State: { Code: "provisioning" as const } };
    expect(judgeLoadBalancer(address, provisioning, { value: [target("healthy")] }).state).toBe("warning");
  });

  it("is a problem when its Service has none, or is gone", () => {
    const [service] = kubeObjects(object("Service", { metadata: { name: "proxy-public" } })).services;
    expect(judgeAddress(service)).toMatchObject({
      state: "problem",
      finding: "the Service proxy-public has no load balancer yet",
    });
    expect(judgeAddress(undefined)).toMatchObject({
      state: "problem",
      finding: "there is no Service proxy-public in namespace jupyterhub",
    });
  });

  it("is unknown when its targets can't be asked", () => {
    expect(judgeLoadBalancer(address, active, { unknown: "AccessDenied" })).toMatchObject({ state: "unknown" });
  });
});
