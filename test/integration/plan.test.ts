import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTagsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DeleteAccessPointCommand, EFSClient, TagResourceCommand } from "@aws-sdk/client-efs";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { CallRecord } from "../../sandbox/aws/front.ts";
import type { HubConfig } from "../../src/config/hub-config.ts";
import { createWorkDir } from "../../src/config/work-dir.ts";
import { checkSteps, runSteps } from "../../src/engine/run-steps.ts";
import type { StepList } from "../../src/engine/step.ts";
import { previewChanges, type Preview } from "../../src/plan/preview.ts";
import { clusterStack } from "../../src/steps/cluster-stack.ts";
import { createInstallation, type Installation } from "../../src/steps/installation.ts";
import { recordVersions } from "../../src/steps/record-versions.ts";
import { stateBucket } from "../../src/steps/state-bucket.ts";
import { storageStack } from "../../src/steps/storage-stack.ts";
import { createExec, createStartTool } from "../../src/tools/exec.ts";
import { createOutput } from "../../src/ui/output.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";
import { startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";
import { operatorSettings } from "../helpers/terraform-stacks.ts";

const steps: StepList<Installation> = [recordVersions, stateBucket, { sideBySide: [storageStack, clusterStack] }];
const { config: plain, secrets } = releaseInputs();
const config: HubConfig = { ...plain, aws: { ...plain.aws, region: "us-east-2" } };
const root = mkdtempSync(join(tmpdir(), "hubctl-plan-"));
const output = createOutput({ stderr: { write: () => true, on: () => undefined } as unknown as NodeJS.WriteStream });
const options = { output, classify: () => undefined };

let aws: SimulatedAws;

function open(changed: Partial<HubConfig> = {}, isReading = false): Installation {
  const deployment = {
    name: config.name,
    root,
    form: "hub.yaml" as const,
    configFile: join(root, "hub.yaml"),
    lockFile: join(root, "hub.lock.yaml"),
    workDir: join(root, ".hubctl", config.name),
  };
  const workDir = createWorkDir(deployment);
  const exec = createExec();
  return createInstallation({
    deployment,
    config: { ...config, ...changed },
    secrets,
    workDir: isReading ? { ...workDir, terraform: (stack) => join(workDir.path, "plan", stack) } : workDir,
    exec,
    program: ["hubctl"],
    chartMirror: undefined,
    signal: new AbortController().signal,
    note: () => undefined,
    hubctlVersion: "0.1.0",
    isReading,
    hideSecrets: () => undefined,
    terraformRuns: { exec, start: createStartTool() },
    takeRunLock: () => Promise.resolve(),
    leaveStateBucket: () => Promise.resolve(),
  });
}

async function preview(changed: Partial<HubConfig> = {}): Promise<Preview> {
  const installation = open(changed, true);
  installation.guard.putOff();
  const checked = await checkSteps(steps, installation, options);
  // There is no Kubernetes here.
  return previewChanges(installation, steps, checked, Promise.resolve({ drift: new Map() }));
}

function callsSince(start: number): CallRecord[] {
  const lines = readFileSync(join(aws.dir, "aws-calls.jsonl"), "utf8").trim().split("\n");
  return lines.slice(start).map((line) => JSON.parse(line) as CallRecord);
}

beforeAll(async () => {
  aws = await startSimulatedAws();
  for (const [name, value] of Object.entries({ ...aws.env, HUBCTL_TERRAFORM: aws.terraform })) vi.stubEnv(name, value);
}, 600_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
  rmSync(root, { recursive: true, force: true });
}, 120_000);

const isReadOnly = ({ service, action }: CallRecord) =>
  /^(GET \/|Get|Describe|List|Head|Batch(Get|Describe)|Lookup)/.test(action) || service === "sts";

describe("a plan of the stacks", { timeout: 900_000 }, () => {
  it("is made on nothing before the first install, and writes nothing", async () => {
    const found = await preview();
    expect(found).toMatchObject({ isInstalled: false, hasChanges: true, drift: [], losses: [], consequences: [] });
    const created = found.steps.flatMap(({ objects }) => objects);
    expect(created.every(({ action }) => action === "create")).toBe(true);
    expect(created.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["aws_eks_cluster", "aws_efs_file_system", "aws_vpc"]),
    );
    expect(existsSync(join(root, "hub.lock.yaml"))).toBe(false);
    const { Buckets = [] } = await new S3Client({ ...operatorSettings(aws), forcePathStyle: true }).send(
      new ListBucketsCommand({}),
    );
    expect(Buckets).toEqual([]);
    expect(callsSince(0).filter((call) => !call.internal && !isReadOnly(call))).toEqual([]);
  });

  it("tells drift from what the configuration changes, and means of what is lost", async () => {
    const installation = open();
    const checked = await checkSteps(steps, installation, options);
    await runSteps(steps, checked, installation, options);

    const start = callsSince(0).length;
    const unchanged = await preview();
    expect(unchanged).toMatchObject({ isInstalled: true, hasChanges: false, steps: [], drift: [], losses: [] });
    expect(callsSince(start).filter((call) => !call.internal && !isReadOnly(call))).toEqual([]);

    const [storage, cluster] = await Promise.all([installation.storageOutputs(), installation.clusterOutputs()]);
    const efs = new EFSClient(operatorSettings(aws));
    const ec2 = new EC2Client(operatorSettings(aws));
    await efs.send(
      new TagResourceCommand({ ResourceId: storage!.file_system_id, Tags: [{ Key: "Name", Value: "renamed" }] }),
    );
    await efs.send(new DeleteAccessPointCommand({ AccessPointId: storage!.hub_database_access_point_id }));
    await ec2.send(
      new CreateTagsCommand({ Resources: [cluster!.vpc_id], Tags: [{ Key: "Owner", Value: "somebody" }] }),
    );
    const { coreNodes } = config.cluster;
    const found = await preview({
      cluster: { ...config.cluster, coreNodes: { ...coreNodes, max: coreNodes.max + 1 } },
      network: { ...config.network, vpc: { ...config.network.vpc, cidr: "10.77.0.0/16" } },
    });
    expect(found.drift).toMatchObject([
      {
        step: "storage-stack",
        what: "aws_efs_access_point.hub_database",
        kind: "gone",
        isPutBack: true,
      },
      {
        step: "storage-stack",
        what: "aws_efs_file_system.homes",
        attributes: [{ path: "tags.Name", before: `${config.name}-homes`, after: "renamed" }],
        isPutBack: true,
      },
      { step: "cluster-stack", what: "aws_vpc.this[0]", attributes: [{ path: "tags.Owner", after: "somebody" }] },
    ]);
    const ofStep = (id: string) => found.steps.find((step) => step.id === id)?.objects ?? [];
    expect(ofStep("storage-stack")).toEqual([]);
    const nodes = ofStep("cluster-stack").find(({ type }) => type === "aws_eks_node_group");
    expect(nodes?.attributes).toContainEqual({
      path: "scaling_config.0.max_size",
      before: coreNodes.max,
      after: coreNodes.max + 1,
    });
    const vpc = ofStep("cluster-stack").find(({ type }) => type === "aws_vpc");
    expect(vpc).toMatchObject({ action: "replace", forcedBy: ["cidr_block"], id: cluster!.vpc_id });
    expect(found.losses.map(({ address }) => address)).toContain("aws_vpc.this[0]");
    expect(found.consequences[0]).toMatchObject({ effect: "servers-stop" });
  });
});
