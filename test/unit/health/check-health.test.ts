import {
  BackupClient,
  DescribeBackupVaultCommand,
  ListRecoveryPointsByBackupVaultCommand,
} from "@aws-sdk/client-backup";
import { DescribeFileSystemsCommand, DescribeMountTargetsCommand } from "@aws-sdk/client-efs";
import {
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeNodegroupCommand,
  ListNodegroupsCommand,
} from "@aws-sdk/client-eks";
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { GetBucketVersioningCommand, GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { mockClient } from "aws-sdk-client-mock";
import { existsSync, readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { checkHealth, type HealthOptions } from "../../../src/health/check-health.ts";
import type { Command } from "../../../src/tools/exec.ts";
import { node, now, object, pod, subject } from "../../helpers/health-scene.ts";
import { account, awsError, mockAws } from "../../helpers/installation.ts";

// Its way from the domain to the hub is asked of the world outside.
vi.mock("../../../src/health/domain.ts", () => ({
  checkDomain: () => Promise.resolve({ state: "ok", finding: "it answers" }),
}));

const aws = mockAws();
const backup = mockClient(BackupClient);
const address = "hub-1.elb.us-east-2.amazonaws.com";

/** Calls that wait for their answer, by name. */
let waiting: { name: string; answer: () => void }[] = [];
/** Whether calls wait until the test lets them be answered. */
let isHeld = false;

function answered<Answer>(name: string, answer: Answer): Promise<Answer> {
  if (!isHeld) return Promise.resolve(answer);
  return new Promise((resolve) => waiting.push({ name, answer: () => resolve(answer) }));
}

const scene = subject();
const cluster = {
  name: "dandihub",
  status: "ACTIVE" as const,
  version: "1.36",
  endpoint: "https://cluster.example",
  certificateAuthority: { data: "Y2E=" },
  tags: { "hubctl:id": scene.lock.id },
};

const objects = [
  node("core"),
  pod("hub"),
  pod("proxy"),
  pod("karpenter", { metadata: { labels: { "app.kubernetes.io/name": "karpenter" }, namespace: "kube-system" } }),
  ...["hub", "proxy"].map((name) => object("Deployment", { metadata: { name }, spec: { replicas: 1 } })),
  object("PersistentVolumeClaim", { metadata: { name: "home" }, status: { phase: "Bound" } }),
  object("Service", {
    metadata: { name: "proxy-public" },
    status: { loadBalancer: { ingress: [{ hostname: address }] } },
  }),
];

beforeEach(() => {
  waiting = [];
  isHeld = false;
  aws.sts
    .on(GetCallerIdentityCommand)
    .callsFake(() => answered("login", { Account: account, Arn: `arn:aws:iam::${account}:user/operator` }));
  aws.s3.on(GetBucketVersioningCommand).callsFake(() => answered("bucket", { Status: "Enabled" }));
  aws.s3.on(ListObjectsV2Command).callsFake(() => answered("objects", { Contents: [] }));
  aws.s3.on(GetObjectCommand).callsFake(async ({ Key }: { Key: string }) => {
    await answered(Key.endsWith("/paused.json") ? "pause" : "copy", undefined);
    throw awsError("NoSuchKey", 404);
  });
  aws.eks.on(DescribeClusterCommand).callsFake(() => answered("cluster", { cluster }));
  aws.eks.on(DescribeClusterVersionsCommand).callsFake(() => answered("versions", { clusterVersions: [] }));
  aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core-2026"] });
  aws.eks.on(DescribeNodegroupCommand).callsFake(() => answered("nodegroup", { nodegroup: { status: "ACTIVE" } }));
  aws.eks.on(DescribeAddonCommand).callsFake(() => answered("addon", { addon: { status: "ACTIVE" } }));
  aws.efs
    .on(DescribeFileSystemsCommand)
    .callsFake(() => answered("file system", { FileSystems: [{ FileSystemId: "fs-1", LifeCycleState: "available" }] }));
  aws.efs.on(DescribeMountTargetsCommand).callsFake(() => answered("mount targets", { MountTargets: [] }));
  aws.elb.on(DescribeLoadBalancersCommand).callsFake(() =>
    answered("load balancers", {
      LoadBalancers: [{ DNSName: address, LoadBalancerArn: "arn:lb", State: { Code: "active" } }],
    }),
  );
  aws.elb
    .on(DescribeTargetGroupsCommand)
    .callsFake(() => answered("target groups", { TargetGroups: [{ TargetGroupArn: "arn:tg" }] }));
  aws.elb
    .on(DescribeTargetHealthCommand)
    .callsFake(() => answered("target health", { TargetHealthDescriptions: [{ TargetHealth: { State: "healthy" } }] }));
});

beforeEach(() => {
  backup.reset();
  backup
    .on(ListRecoveryPointsByBackupVaultCommand)
    .callsFake(() => answered("recovery points", { RecoveryPoints: [] }));
  backup.on(DescribeBackupVaultCommand).callsFake(() => answered("vault", { CreationDate: now }));
});

/** kubectl and Helm; what they were asked, and with which kubeconfig. */
function fakeTools(run = answerTool) {
  const commands: Command[] = [];
  const createTools: HealthOptions["createTools"] = () => async (command) => {
    commands.push(command);
    return { stdout: await run(command), stderr: "", exitCode: 0 };
  };
  return { commands, createTools };
}

function answerTool({ file, args }: Command): Promise<string> {
  if (file === "helm") return answered("helm", "[]");
  const isKarpenter = args.some((arg) => arg.includes("nodepools"));
  const items = isKarpenter ? [] : objects;
  return answered(isKarpenter ? "kubectl karpenter" : "kubectl", JSON.stringify({ items }));
}

function look(options: Partial<HealthOptions> = {}) {
  const { deployment, config, lock, files } = scene;
  return checkHealth({
    deployment,
    config,
    lock,
    files,
    aws: createClients("us-east-2"),
    program: ["node", "hubctl.js"],
    now: () => now,
    createTools: fakeTools().createTools,
    ...options,
  });
}

const stateOf = ({ layers }: Awaited<ReturnType<typeof look>>, name: string) =>
  layers.find(({ layer }) => layer === name);

describe("a look at all layers", () => {
  it("has an entry for each, in their order", async () => {
    const health = await look();
    expect(health).toMatchObject({ deployment: "dandihub", checked: now.toISOString() });
    expect(health.layers.map(({ layer }) => layer)).toEqual([
      ...["login", "configuration", "state", "cluster", "nodes", "add-ons", "karpenter", "releases", "hub", "storage"],
      ...["load-balancer", "certificate", "dns", "servers", "backups"],
    ]);
    expect(stateOf(health, "hub")).toEqual({
      layer: "hub",
      state: "ok",
      finding: "hub and proxy are ready",
      details: { hub: { ready: 1, restarts: 0 }, proxy: { ready: 1, restarts: 0 } },
    });
    expect(stateOf(health, "load-balancer")).toMatchObject({ state: "ok", finding: "active, 1 of 1 target healthy" });
  });

  it("waits for five answers in a row at most, whatever one of them takes", async () => {
    isHeld = true;
    const looking = look();
    const rounds = [
      [
        ...["addon", "addon", "bucket", "cluster", "copy", "file system", "login", "nodegroup", "objects", "pause"],
        ...["recovery points", "versions"],
      ],
      ["helm", "kubectl", "kubectl karpenter", "mount targets", "vault"],
      ["load balancers"],
      ["target groups"],
      ["target health"],
    ];
    for (const round of rounds) {
      await vi.waitFor(() => expect(waiting.map(({ name }) => name).sort()).toEqual(round), { timeout: 8000 });
      for (const { answer } of waiting.splice(0)) answer();
    }
    await expect(looking).resolves.toMatchObject({ deployment: "dandihub" });
  });

  it("changes nothing: it only gets, lists and describes", async () => {
    const tools = fakeTools();
    await look(tools);
    const calls = Object.values(aws).flatMap((client) => client.calls().map(({ args }) => args[0].constructor.name));
    expect(calls.length).toBeGreaterThan(10);
    expect(calls.filter((name) => !/^(Get|List|Describe)/.test(name))).toEqual([]);
    expect(tools.commands.map(({ file, args }) => `${file} ${args[0] ?? ""}`).sort()).toEqual([
      "helm list",
      "kubectl get",
      "kubectl get",
    ]);
  });

  it("gives tools a kubeconfig that is gone afterwards", async () => {
    const seen: string[] = [];
    const tools = fakeTools((command) => {
      seen.push(readFileSync(command.env?.["KUBECONFIG"] ?? "", "utf8"));
      return answerTool(command);
    });
    await look(tools);
    expect(seen[0]).toContain("https://cluster.example");
    expect(existsSync(tools.commands[0]?.env?.["KUBECONFIG"] ?? "/")).toBe(false);
  });

  it("tells one reason for all that is in a cluster that is gone", async () => {
    aws.eks.on(DescribeClusterCommand).rejects(awsError("ResourceNotFoundException", 404));
    const health = await look();
    expect(stateOf(health, "cluster")?.state).toBe("problem");
    for (const layer of ["nodes", "add-ons", "karpenter", "releases", "hub", "load-balancer", "servers"]) {
      expect(stateOf(health, layer)).toEqual({ layer, state: "unknown", finding: "there is no cluster" });
    }
    expect(stateOf(health, "login")?.state).toBe("ok");
  });

  it("asks nothing in a cluster that is another deployment's", async () => {
    aws.eks.on(DescribeClusterCommand).resolves({ cluster: { ...cluster, tags: { "hubctl:id": "other" } } });
    const tools = fakeTools();
    const health = await look(tools);
    expect(stateOf(health, "hub")).toMatchObject({ state: "unknown", finding: "the cluster is not this deployment's" });
    expect(tools.commands).toEqual([]);
  });

  it("goes on when one layer is refused", async () => {
    aws.efs.on(DescribeFileSystemsCommand).rejects(awsError("AccessDeniedException", 403, "not authorized"));
    const health = await look();
    expect(stateOf(health, "storage")).toMatchObject({
      state: "unknown",
      finding: expect.stringContaining("not authorized") as string,
    });
    expect(stateOf(health, "hub")?.state).toBe("ok");
  });

  it("does not wait for a layer that hangs", async () => {
    aws.eks.on(DescribeAddonCommand).callsFake(() => new Promise(() => undefined));
    const health = await look({ deadlineSeconds: 0.3 });
    expect(stateOf(health, "add-ons")).toEqual({
      layer: "add-ons",
      state: "unknown",
      finding: "no answer within 0.3 s",
    });
    expect(stateOf(health, "hub")?.state).toBe("ok");
  });

  it("is a problem when AWS gives no answer at all", async () => {
    isHeld = true;
    const health = await look({ deadlineSeconds: 0.1 });
    expect(stateOf(health, "login")).toMatchObject({ state: "problem", finding: "AWS gives no answer within 0.1 s" });
  });

  it("ends the tools that still run", async () => {
    let ended: AbortSignal | undefined;
    const health = await look({
      deadlineSeconds: 0.2,
      createTools: ({ signal }) => {
        ended = signal;
        return () => new Promise(() => undefined);
      },
    });
    expect(ended?.aborted).toBe(true);
    expect(stateOf(health, "hub")).toMatchObject({ state: "unknown", finding: "no answer within 0.2 s" });
  });

  it("is refused with a login to another account", async () => {
    aws.sts.on(GetCallerIdentityCommand).resolves({ Account: "999999999999", Arn: "arn:aws:iam::999999999999:user/x" });
    await expect(look()).rejects.toMatchObject({ code: "WrongAccount" });
  });
});
