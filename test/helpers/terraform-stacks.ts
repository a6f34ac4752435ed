import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DescribeAddonVersionsCommand, EKSClient } from "@aws-sdk/client-eks";
import type { CallRecord } from "../../sandbox/aws/front.ts";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { addonNames, terraformVariables } from "../../src/config/terraform-variables.ts";
import { account, region, type SimulatedAws } from "./simulated-aws.ts";

const run = promisify(execFile);
const templates = join(import.meta.dirname, "..", "..", "templates", "terraform");

export const stacks = ["storage", "cluster"] as const;
type Stack = (typeof stacks)[number];

/** Both stacks in folders of their own, with the variables of one deployment. */
export interface TerraformStacks {
  /** Path of a file beside a stack's templates. */
  file(stack: Stack, name: string): string;
  write(config: HubConfig, lock: HubLock): void;
  /** Runs terraform and gives its exit code and output. */
  terraform(stack: Stack, ...args: string[]): Promise<{ code: number; output: string }>;
  /** Runs the same in both stacks side by side, waits for both, and fails with the words of those that failed. */
  mustRun(...args: string[]): Promise<void>;
  /** What a plan of the stack would do, as "update aws_vpc.this[0]" or "create output.vpc_id". */
  plannedChanges(stack: Stack): Promise<string[]>;
  outputs(stack: Stack): Promise<Record<string, unknown>>;
}

interface Change {
  actions: string[];
}

export function terraformStacks(aws: SimulatedAws): TerraformStacks {
  const file = (stack: Stack, name: string) => join(aws.dir, stack, name);
  for (const stack of stacks) cpSync(join(templates, stack), join(aws.dir, stack), { recursive: true });

  const terraform: TerraformStacks["terraform"] = async (stack, ...args) => {
    const options = { cwd: join(aws.dir, stack), env: aws.env, maxBuffer: 64 * 1024 * 1024 };
    try {
      const { stdout } = await run(aws.terraform, [...args, "-no-color"], options);
      return { code: 0, output: stdout };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: `${stdout}\n${stderr}` };
    }
  };
  const read = async (stack: Stack, ...args: string[]) => {
    const { code, output } = await terraform(stack, ...args);
    if (code !== 0) throw new Error(`terraform ${args.join(" ")} of ${stack} ended with ${code}:\n${output}`);
    return output;
  };

  return {
    file,
    terraform,
    write(config, lock) {
      for (const stack of stacks) {
        writeFileSync(file(stack, "terraform.tfvars.json"), JSON.stringify(terraformVariables(stack, config, lock)));
      }
    },
    async mustRun(...args) {
      const results = await Promise.all(stacks.map(async (stack) => ({ stack, ...(await terraform(stack, ...args)) })));
      const failed = results.filter(({ code }) => code !== 0);
      if (failed.length === 0) return;
      const words = failed.map(({ stack, code, output }) => `${stack} ended with ${code}:\n${output.slice(-4000)}`);
      throw new Error(`terraform ${args.join(" ")} failed\n${words.join("\n")}`);
    },
    async plannedChanges(stack) {
      await read(stack, "plan", "-out=plan");
      const { resource_changes: ofResources = [], output_changes: ofOutputs = {} } = JSON.parse(
        await read(stack, "show", "-json", "plan"),
      ) as {
        resource_changes?: { address: string; change: Change }[];
        output_changes?: Record<string, Change>;
      };
      const changes = [
        ...ofResources,
        ...Object.entries(ofOutputs).map(([name, change]) => ({ address: `output.${name}`, change })),
      ];
      return changes
        .map(({ address, change }) => `${change.actions.join(" and ")} ${address}`)
        .filter((line) => !/^(no-op|read) /.test(line))
        .sort();
    },
    async outputs(stack) {
      const answers = JSON.parse(await read(stack, "output", "-json")) as Record<string, { value: unknown }>;
      return Object.fromEntries(Object.entries(answers).map(([name, { value }]) => [name, value]));
    },
  };
}

export function operatorSettings({ seeded, front }: SimulatedAws) {
  const { accessKeyId, secretAccessKey } = seeded.operator;
  return { region, endpoint: front.url, credentials: { accessKeyId, secretAccessKey } };
}

/** What the first install would record, in the given zones. */
export async function lockFor(aws: SimulatedAws, zones: HubLock["zones"]): Promise<HubLock> {
  const eks = new EKSClient(operatorSettings(aws));
  const { addons = [] } = await eks.send(new DescribeAddonVersionsCommand({ kubernetesVersion: "1.36" }));
  const newest = (name: string) => addons.find(({ addonName }) => addonName === name)?.addonVersions?.[0]?.addonVersion;
  return {
    hubctl: "0.1.0",
    id: "0123456789abcdef",
    account,
    region,
    installer: aws.seeded.operator.arn,
    kubernetes: "1.36",
    addons: Object.fromEntries(addonNames.map((name) => [name, newest(name) ?? "none"])),
    nodeImage: { release: "1.36.1-20261110", alias: "al2023@v20261110" },
    zones,
    charts: {},
    provider: "5.100.0",
  };
}

/** Calls that the simulated AWS could not answer. */
export function unknownCalls(aws: SimulatedAws): CallRecord[] {
  return readFileSync(join(aws.dir, "aws-calls.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as CallRecord)
    .filter(({ error }) => error === "UnknownOperationException" || error === "SandboxFailure");
}
