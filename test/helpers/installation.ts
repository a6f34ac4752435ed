import { EC2Client } from "@aws-sdk/client-ec2";
import { EFSClient } from "@aws-sdk/client-efs";
import { EKSClient } from "@aws-sdk/client-eks";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { mockClient } from "aws-sdk-client-mock";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, vi } from "vitest";
import { createClients } from "../../src/aws/clients.ts";
import { kubeContext } from "../../src/aws/cluster.ts";
import { workDirPaths } from "../../src/config/work-dir.ts";
import type { ObjectChange } from "../../src/engine/object-change.ts";
import type { Step } from "../../src/engine/step.ts";
import type { Installation } from "../../src/steps/installation.ts";
import { createGuard } from "../../src/steps/guard.ts";
import { memo } from "../../src/steps/memo.ts";
import type { DeploymentStack } from "../../src/steps/terraform-stack.ts";
import type { PlanSummary, ResourceChange } from "../../src/tools/terraform-plan.ts";
import { emptyPlan } from "../../src/tools/terraform-plan.ts";
import type { Stack } from "../../src/tools/terraform-stack.ts";
import { fakeExec, type ExpectedCall } from "./fake-exec.ts";
import { releaseInputs } from "./release-inputs.ts";
import { temporaryFolder } from "./tools.ts";

export const account = "123456789012";
export const kubeTarget = { kubeconfig: "/deployment/kubeconfig", context: kubeContext("dandihub") };

/** For a test file: AWS answers with nothing but what its tests set. */
export function mockAws() {
  const aws = {
    ec2: mockClient(EC2Client),
    efs: mockClient(EFSClient),
    eks: mockClient(EKSClient),
    elb: mockClient(ElasticLoadBalancingV2Client),
    iam: mockClient(IAMClient),
    s3: mockClient(S3Client),
    secrets: mockClient(SecretsManagerClient),
    ssm: mockClient(SSMClient),
    sts: mockClient(STSClient),
  };
  beforeEach(() => {
    for (const client of Object.values(aws)) client.reset();
  });
  return aws;
}

/** A refusal as the SDK throws it. */
export function awsError(name: string, httpStatusCode = 400, message = name): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

export interface FakeInstallation extends Installation {
  readonly notes: string[];
  readonly takeRunLock: ReturnType<typeof vi.fn<() => Promise<void>>>;
  readonly leaveStateBucket: ReturnType<typeof vi.fn<() => Promise<void>>>;
  readonly forget: ReturnType<typeof vi.fn<() => void>>;
  readonly exec: ReturnType<typeof fakeExec>;
}

type Answers = {
  [
    Name in
      | "terraform"
      | "caller"
      | "lock"
      | "stateBucketReady"
      | "certificate"
      | "storageOutputs"
      | "clusterOutputs"
      | "generatedSecrets"
      | "kubeconfigText"
      | "kubeTarget"
      | "releaseInputs"
  ]?: Awaited<ReturnType<Installation[Name]>>;
};

/** A deployment whose hub is installed, but for what is changed. `answers` are the memos' answers. */
export function fakeInstallation(
  options: { calls?: readonly ExpectedCall[]; answers?: Answers } & Partial<
    Pick<Installation, "config" | "stacks" | "chartMirror" | "signal" | "guard" | "rollsBack">
  > = {},
): FakeInstallation {
  const { calls = [], answers = {}, ...rest } = options;
  const root = temporaryFolder();
  const inputs = releaseInputs();
  const workDir = workDirPaths({ workDir: join(root, ".hubctl", "dandihub") });
  mkdirSync(workDir.path, { recursive: true });
  const notes: string[] = [];
  const answer = <Name extends keyof Answers>(name: Name, preset: Awaited<ReturnType<Installation[Name]>>) =>
    memo(() => Promise.resolve((name in answers ? answers[name] : preset) as Awaited<ReturnType<Installation[Name]>>));
  return {
    deployment: {
      name: "dandihub",
      root,
      form: "tfvars",
      configFile: join(root, "dandihub.tfvars"),
      lockFile: join(root, "dandihub.hub.lock.yaml"),
      workDir: workDir.path,
    },
    config: inputs.config,
    secrets: inputs.secrets,
    workDir,
    aws: createClients(inputs.config.aws.region),
    exec: fakeExec(calls),
    program: ["node", "hubctl.js"],
    chartMirror: undefined,
    signal: new AbortController().signal,
    notes,
    note: (text) => void notes.push(text),
    stacks: { storage: fakeStack([]), cluster: fakeStack([]) },
    guard: createGuard(),
    rollsBack: false,
    isReading: false,
    terraform: answer("terraform", { file: "terraform", flavor: "terraform", version: "1.11.4" }),
    caller: answer("caller", { account, arn: `arn:aws:iam::${account}:user/operator` }),
    lock: answer("lock", { lock: inputs.lock, recorded: true }),
    stateBucketReady: answer("stateBucketReady", true),
    certificate: answer("certificate", { kind: "own" }),
    storageOutputs: answer("storageOutputs", inputs.storage),
    clusterOutputs: answer("clusterOutputs", inputs.cluster),
    generatedSecrets: answer("generatedSecrets", inputs.generated),
    kubeconfigText: answer("kubeconfigText", "the kubeconfig"),
    kubeTarget: answer("kubeTarget", kubeTarget),
    releaseInputs: answer("releaseInputs", inputs),
    takeRunLock: vi.fn(() => Promise.resolve()),
    leaveStateBucket: vi.fn(() => Promise.resolve()),
    forget: vi.fn(),
    ...rest,
  };
}

export interface FakeStack extends DeploymentStack {
  /** What was done to it, in order. */
  readonly log: string[];
}

/** A stack whose successive plans are given, with what they say in detail; a plan more than that is empty. */
export function fakeStack(plans: readonly PlanSummary[], changes: readonly ObjectChange[][] = []): FakeStack {
  const log: string[] = [];
  let planned = 0;
  const stack: Stack = {
    providerLockFile: "/deployment/terraform/.terraform.lock.hcl",
    init: () => Promise.resolve(),
    plan(_, { destroy, targets = [] } = { destroy: false }) {
      log.push([destroy ? "plan to destroy" : "plan", ...targets].join(" "));
      const summary = plans[planned] ?? emptyPlan();
      const details = { changes: changes[planned] ?? [], drift: [] };
      planned += 1;
      return Promise.resolve({ file: `plan-${planned}`, summary, details });
    },
    apply({ file }) {
      log.push(`apply ${file}`);
      return Promise.resolve();
    },
    outputs: () => Promise.resolve({}),
    untaint(address) {
      log.push(`untaint ${address}`);
      return Promise.resolve();
    },
    unsavedSince: () => undefined,
    pushUnsaved() {
      log.push("push unsaved state");
      return Promise.resolve();
    },
    forceUnlock(lockId) {
      log.push(`unlock ${lockId}`);
      return Promise.resolve();
    },
  };
  return {
    log,
    follow: () => Promise.resolve(),
    prepare: () => Promise.resolve(stack),
    outputs: () => stack.outputs(),
  };
}

export function planOf(changes: Partial<Omit<PlanSummary, "isEmpty">>): PlanSummary {
  return { ...emptyPlan(), ...changes, isEmpty: false };
}

/** "aws_vpc.this" as Terraform would tell of it. */
export function changeOf(address: string, reason?: string): ResourceChange {
  const type = address.split(".")[0] ?? "";
  return { address, type, forcedBy: [], ...(reason === undefined ? {} : { reason }) };
}

/** Runs a step with what its check finds, which must be a change; tells what was reported. */
export async function runChecked<Context extends Installation>(
  step: Step<Context>,
  installation: Context,
): Promise<{ change: string; progress: string[] }> {
  const found = await step.check(installation);
  if (!("change" in found)) throw new Error(`${step.id} has nothing to do: ${JSON.stringify(found)}`);
  const progress: string[] = [];
  await step.run(installation, found.plan, { progress: (text) => void progress.push(text), note: () => undefined });
  return { change: found.change, progress };
}
