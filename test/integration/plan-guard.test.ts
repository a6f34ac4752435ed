import { execFile } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EKSClient, ListNodegroupsCommand } from "@aws-sdk/client-eks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { terraformVariables } from "../../src/config/terraform-variables.ts";
import { UserError } from "../../src/errors.ts";
import { findLosses, refuseLosses, type Loss } from "../../src/tools/plan-guard.ts";
import { parsePlan, type PlanSummary } from "../../src/tools/terraform-plan.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";
import { startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";
import { lockFor, operatorSettings, terraformStacks, type TerraformStacks } from "../helpers/terraform-stacks.ts";

const run = promisify(execFile);

const { config: plain } = releaseInputs();
const config: HubConfig = {
  ...plain,
  storage: {
    ...plain.storage,
    encryptionKey: "own",
    sharedFolders: [...plain.storage.sharedFolders, { name: "data", mountPath: "/data", writers: "admins" }],
  },
};
const zones = ["a", "b", "c"].map((letter, index) => ({ id: `use2-az${index + 1}`, name: `us-east-2${letter}` }));

let aws: SimulatedAws;
let lock: HubLock;
let both: TerraformStacks;

beforeAll(async () => {
  aws = await startSimulatedAws();
  lock = await lockFor(aws, zones);
  both = terraformStacks(aws);
  both.write(config, lock);
  // As an older hubctl has made it.
  const nodes = both.file("cluster", "nodes.tf");
  const template = readFileSync(nodes, "utf8");
  const former = template.replace('node_group_name_prefix = "core-"', 'node_group_name = "core"');
  expect(former).not.toBe(template);
  writeFileSync(nodes, former);
  await both.mustRun("init");
  await both.mustRun("apply", "-auto-approve");
  writeFileSync(nodes, template);
}, 600_000);

afterAll(() => aws.stop());

type Stack = "storage" | "cluster";

interface Change {
  config?: HubConfig;
  lock?: HubLock;
  /** Rewrites the stack's templates. */
  template?: (text: string) => string;
  /** One more template. */
  more?: string;
}

let copies = 0;

/** The stack as it is applied, but for the change, in a folder of its own: so one has nothing to do with another. */
function changed(stack: Stack, change: Change) {
  const original = join(aws.dir, stack);
  copies += 1;
  const dir = `${original}-${copies}`;
  cpSync(original, dir, { recursive: true, filter: (path) => !path.endsWith(".terraform") });
  for (const file of readdirSync(dir).filter((name) => name.endsWith(".tf"))) {
    const text = readFileSync(join(dir, file), "utf8");
    writeFileSync(join(dir, file), change.template?.(text) ?? text);
  }
  writeFileSync(join(dir, "more.tf"), change.more ?? "");
  const variables = terraformVariables(stack, change.config ?? config, change.lock ?? lock);
  writeFileSync(join(dir, "terraform.tfvars.json"), JSON.stringify(variables));
  const options = {
    cwd: dir,
    env: { ...aws.env, TF_DATA_DIR: join(original, ".terraform") },
    maxBuffer: 64 * 1024 * 1024,
  };
  const terraform = async (...args: string[]) => (await run(aws.terraform, [...args, "-no-color"], options)).stdout;
  return {
    terraform,
    async plan(...args: string[]): Promise<PlanSummary> {
      await terraform("plan", "-input=false", "-out=guarded", ...args);
      return parsePlan(await terraform("show", "-json", "guarded"));
    },
  };
}

const network = (vpc: Partial<HubConfig["network"]["vpc"]>): Change => ({
  config: { ...config, network: { ...config.network, vpc: { ...config.network.vpc, ...vpc } } },
});
const storage = (change: Partial<HubConfig["storage"]>): Change => ({
  config: { ...config, storage: { ...config.storage, ...change } },
});
const naming = (change: Partial<HubConfig["aws"]>): Change => ({
  config: { ...config, aws: { ...config.aws, ...change } },
});
const coreNodes = (change: Partial<HubConfig["cluster"]["coreNodes"]>): Change => ({
  config: { ...config, cluster: { ...config.cluster, coreNodes: { ...config.cluster.coreNodes, ...change } } },
});
const shared = (...names: string[]) =>
  storage({ sharedFolders: names.map((name) => ({ name, mountPath: `/${name}`, writers: "everyone" })) });

/** What is changed, as a function since the lock file is only there once AWS is; what would be lost, among others. */
const refused: [what: string, stack: Stack, change: () => Change, losses: string[]][] = [
  ["another range of the VPC", "cluster", () => network({ cidr: "10.99.0.0/16" }), ["replace aws_vpc.this[0]"]],
  [
    "a VPC that exists instead of one's own",
    "cluster",
    () => ({
      config: { ...config, network: { ...config.network, existingVpc: existingVpc() } },
      lock: { ...lock, zones: zones.slice(0, 2) },
    }),
    ["delete aws_vpc.this[0]", 'delete aws_subnet.private["us-east-2a"]'],
  ],
  [
    "a zone less",
    "cluster",
    () => ({ lock: { ...lock, zones: zones.slice(0, 2) } }),
    ['delete aws_subnet.private["us-east-2c"]', 'delete aws_subnet.public["us-east-2c"]'],
  ],
  [
    "another zone for the core nodes",
    "cluster",
    () => ({ lock: { ...lock, zones: [...zones].reverse() } }),
    ["replace aws_eks_node_group.core"],
  ],
  [
    "another name of the deployment",
    "cluster",
    () => ({ config: { ...config, name: "otherhub" } }),
    ["replace aws_eks_cluster.this", "replace aws_eks_node_group.core"],
  ],
  [
    "another name of the deployment (data)",
    "storage",
    () => ({ config: { ...config, name: "otherhub" } }),
    ["replace aws_efs_file_system.homes (data)", "replace aws_secretsmanager_secret.generated (data)"],
  ],
  [
    "a lock file of another deployment",
    "cluster",
    () => ({ lock: { ...lock, id: "fedcba9876543210" } }),
    ["replace aws_eks_cluster.this"],
  ],
  [
    "a lock file of another deployment (data)",
    "storage",
    () => ({ lock: { ...lock, id: "fedcba9876543210" } }),
    ["replace aws_efs_file_system.homes (data)", 'replace aws_efs_access_point.folders["home"]'],
  ],
  ["another prefix of names", "cluster", () => naming({ namePrefix: "lab-" }), ["replace aws_eks_cluster.this"]],
  ["another path of roles", "cluster", () => naming({ rolePath: "/hubs/" }), ["replace aws_eks_cluster.this"]],
  [
    "an encryption key of AWS' instead of one's own",
    "storage",
    () => storage({ encryptionKey: "aws" }),
    ["delete aws_kms_key.data[0] (data)"],
  ],
  [
    "an encryption key that exists",
    "storage",
    () => storage({ encryptionKey: otherKey() }),
    ["replace aws_efs_file_system.homes (data)", "delete aws_kms_key.data[0] (data)"],
  ],
  ["a shared folder less", "storage", () => shared("shared"), ['delete aws_efs_access_point.folders["data"]']],
  [
    "a shared folder with another name",
    "storage",
    () => shared("everyone", "data"),
    ['delete aws_efs_access_point.folders["shared"]'],
  ],
  [
    "another type of core nodes",
    "cluster",
    () => coreNodes({ instanceType: "m7i.xlarge" }),
    ["replace aws_eks_node_group.core"],
  ],
  [
    "a file system that the templates call otherwise",
    "storage",
    () => ({ template: renamed("aws_efs_file_system", "homes", "users") }),
    ["delete aws_efs_file_system.homes (data)"],
  ],
  [
    "a file system that has moved and has another key",
    "storage",
    () => ({
      ...storage({ encryptionKey: otherKey() }),
      template: renamed("aws_efs_file_system", "homes", "users"),
      more: "moved {\n  from = aws_efs_file_system.homes\n  to = aws_efs_file_system.users\n}\n",
    }),
    ["replace aws_efs_file_system.users (data)"],
  ],
  [
    "a secret that Terraform is to forget",
    "storage",
    () => ({
      template: renamed("aws_secretsmanager_secret", "generated", "made"),
      more: "removed {\n  from = aws_secretsmanager_secret.generated\n  lifecycle {\n    destroy = false\n  }\n}\n",
    }),
    ["delete aws_secretsmanager_secret.generated (data)"],
  ],
];

/** What an operator may change at any time: all at once, since plans take their time. */
const passed: [what: string, stack: Stack, change: () => Change][] = [
  [
    "other tags and one more shared folder",
    "storage",
    () => ({ config: { ...shared("shared", "data", "more").config!, tags: { Project: "other" } } }),
  ],
  [
    "tags, image, number and disks of nodes, gateways, who may ask the API",
    "cluster",
    () => ({
      config: {
        ...coreNodes({ min: 2, max: 3, desired: 2, volumeSizeGiB: 80 }).config!,
        tags: { Project: "other" },
        network: { ...network({ nat: "per-zone" }).config!.network, apiAccess: ["192.0.2.0/24"] },
      },
      lock: { ...lock, nodeImage: newerImage },
    }),
  ],
  ["a newer Kubernetes", "cluster", () => ({ lock: { ...lock, kubernetes: "1.37" } })],
];

const newerImage = { release: "1.36.2-20261201", alias: "al2023@v20261201" };

function renamed(type: string, from: string, to: string) {
  return (text: string) =>
    text.replaceAll(`"${type}" "${from}"`, `"${type}" "${to}"`).replaceAll(`${type}.${from}`, `${type}.${to}`);
}

function otherKey(): string {
  return `arn:aws:kms:us-east-2:${lock.account}:key/0d3a6bd4-0000-4000-8000-000000000000`;
}

function existingVpc(): NonNullable<HubConfig["network"]["existingVpc"]> {
  const { resources } = JSON.parse(readFileSync(both.file("cluster", "terraform.tfstate"), "utf8")) as {
    resources: { type: string; name: string; instances: { index_key: string; attributes: { id: string } }[] }[];
  };
  const idsOf = (type: string, name: string) =>
    resources.find((one) => one.type === type && one.name === name)!.instances.map(({ attributes }) => attributes.id);
  return {
    id: idsOf("aws_vpc", "this")[0]!,
    nodeSubnets: idsOf("aws_subnet", "private").slice(0, 2),
    loadBalancerSubnets: idsOf("aws_subnet", "public").slice(0, 1),
  };
}

const words = ({ verb, address, carriesData }: Loss) => `${verb} ${address}${carriesData ? " (data)" : ""}`;

describe("the guard, on Terraform's own plans", () => {
  it.for(refused)("refuses %s, unless all that goes is named", async ([, stack, change, expected]) => {
    const losses = findLosses(await changed(stack, change()).plan("-refresh=false"));
    expect(losses.map(words)).toEqual(expect.arrayContaining(expected));
    const addresses = losses.map(({ address }) => address);
    expect(() => refuseLosses(losses)).toThrow(UserError);
    for (const left of addresses) {
      const others = addresses.filter((address) => address !== left);
      expect(() => refuseLosses(losses, others)).toThrow(left);
    }
    expect(() => refuseLosses(losses, addresses)).not.toThrow();
  });

  it.for(passed)("lets pass %s", async ([, stack, change]) => {
    const plan = await changed(stack, change()).plan("-refresh=false");
    expect(plan.isEmpty).toBe(false);
    expect(findLosses(plan)).toEqual([]);
  });

  it("has nothing to say of a deployment from before node groups had names that change", async () => {
    expect((await changed("cluster", {}).plan()).isEmpty).toBe(true);
  });

  it("once the node group is named, the new one is there before the old one goes", async () => {
    const stack = changed("cluster", coreNodes({ instanceType: "m7i.xlarge" }));
    const plan = await stack.plan();
    expect(findLosses(plan)).toMatchObject([
      { address: "aws_eks_node_group.core", forcedBy: ["instance_types"], carriesData: false },
    ]);
    await stack.terraform("apply", "-input=false", "guarded");
    const calls = readFileSync(join(aws.dir, "aws-calls.jsonl"), "utf8").trim().split("\n");
    const actions = calls
      .map((line) => (JSON.parse(line) as { action: string }).action)
      .filter((action) => /^(Create|Delete)Nodegroup$/.test(action));
    expect(actions).toEqual(["CreateNodegroup", "CreateNodegroup", "DeleteNodegroup"]);
    const { nodegroups } = await new EKSClient(operatorSettings(aws)).send(
      new ListNodegroupsCommand({ clusterName: config.name }),
    );
    expect(nodegroups).toEqual([expect.stringMatching(/^core-/)]);
    expect((await stack.plan()).isEmpty).toBe(true);
  });
}, 600_000);
