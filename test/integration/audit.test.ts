import { CloudWatchLogsClient, CreateLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { IAMClient } from "@aws-sdk/client-iam";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createClients } from "../../src/aws/clients.ts";
import { takeInventory } from "../../src/aws/inventory/index.ts";
import { categoryNames, keyOf } from "../../src/aws/inventory/resource.ts";
import { createStateBucket, stateBucketName } from "../../src/aws/state-bucket.ts";
import { audit, type AuditOptions } from "../../src/commands/audit.ts";
import { accountDifferences, readAccount, type AccountContents } from "../helpers/account-contents.ts";
import { createForeignCluster } from "../helpers/foreign-cluster.ts";
import { plantDeployment, plantOffice, type AwsSettings } from "../helpers/plant-orphans.ts";
import { account, region, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";

let aws: SimulatedAws | undefined;
let settings: AwsSettings;

beforeAll(async () => {
  const { front, seeded, env } = (aws = await startSimulatedAws());
  settings = { endpoint: front.url, region, credentials: seeded.operator };
  for (const name of Object.keys(env)) if (name.startsWith("AWS_")) process.env[name] = env[name];
}, 120_000);

afterAll(() => aws?.stop());

/** What the command prints with --json, and what it fails with. */
async function runAudit(options: Partial<AuditOptions>): Promise<{ answer: never; error: unknown }> {
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  const silent = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    const error: unknown = await audit({ json: true, delete: false, yes: false, ...options }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { answer: JSON.parse(printed.join("") || "null") as never, error };
  } finally {
    write.mockRestore();
    silent.mockRestore();
  }
}

/** What is planted beside a deployment and not its own: a zone with a record of somebody else's, and EFS' own vault. */
const strangers = [
  "hosted zone: ",
  " A www.demo.example.org.",
  " NS demo.example.org.",
  " SOA demo.example.org.",
  "backup vault: automatic-demo",
];

// One story: each test goes on from where the one before has left the account.
describe("a deployment whose cluster is gone", { shuffle: false }, () => {
  let before: AccountContents;
  let planted: string[];

  beforeAll(async () => {
    const office = await plantOffice(settings);
    await plantDeployment(settings, { name: "namesake", office });
    before = await readAccount(settings);
    planted = await plantDeployment(settings, { name: "demo", id: "0123456789abcdef", office });
  }, 60_000);

  test("what a deployment left is listed, and nothing else", async () => {
    const inventory = await takeInventory(createClients(region), { account });
    const { error } = await runAudit({});

    expect(inventory.unknown).toEqual([]);
    // Machines, gateways, mount targets and load balancers bring interfaces of their own.
    const [listed, interfaces] = splitBy(inventory.resources.map(keyOf).sort(), (key) => planted.includes(key));
    expect(listed).toEqual(planted);
    expect(interfaces.filter((key) => !key.startsWith("network-interfaces eni-"))).toEqual([]);
    expect(interfaces).toHaveLength(5);
    expect(new Set(inventory.resources.map(({ state }) => state))).toEqual(new Set(["orphan"]));
    expect(new Set(planted.map((key) => key.split(" ")[0]))).toEqual(new Set(plantable));
    expect(error).toMatchObject({ exitCode: 3, hint: `hubctl audit --region ${region} --deployment demo --delete` });
  });

  test("without a terminal nothing is deleted unless --yes says so", async () => {
    const { error } = await runAudit({ deployment: "demo", delete: true });

    expect(error).toMatchObject({ code: "NoTerminal", hint: "answer with --yes" });
  });

  test("a run lock that somebody holds makes all of its deployment live", async () => {
    const aws = createClients(region);
    await createStateBucket(aws, account);
    const lock = { Bucket: stateBucketName(account, region), Key: "deployments/demo/run.lock" };
    await aws.s3.send(new PutObjectCommand({ ...lock, Body: "{}" }));
    const { answer, error } = await runAudit({ deployment: "demo", delete: true, yes: true });
    await aws.s3.send(new DeleteObjectCommand(lock));

    expect(error).toBeUndefined();
    expect(answer).toEqual({ deleted: 0, left: [], waiting: [] });
  });

  test("kept data stays unless its loss is agreed to by name", async () => {
    const aws = createClients(region);
    await createStateBucket(aws, account);
    const state = { Bucket: stateBucketName(account, region), Key: "deployments/demo/storage/terraform.tfstate" };
    const Body = JSON.stringify({ resources: [{ tags_all: { "hubctl:id": "0123456789abcdef" } }] });
    await aws.s3.send(new PutObjectCommand({ ...state, Body }));

    const { resources } = await takeInventory(aws, { account });
    const kept = resources.filter(({ state }) => state === "kept-data").map(({ category }) => category);
    expect(new Set(kept)).toEqual(
      new Set([
        "file-systems",
        "access-points",
        "backup-plans",
        "backup-vaults",
        "recovery-points",
        "kms-keys",
        "kms-aliases",
        "buckets",
        "image-repositories",
        "secrets",
        "terraform-state",
      ]),
    );
    const deletion = { deployment: "demo", delete: true, yes: true, data: "delete" as const };
    expect((await runAudit(deletion)).error).toMatchObject({ code: "NoTerminal", hint: "answer with --confirm demo" });
    expect((await runAudit({ ...deletion, confirm: "dmeo" })).error).toMatchObject({ code: "WrongName" });
  });

  test("data stays even if the state that knew it is lost", async () => {
    const aws = createClients(region);
    const state = { Bucket: stateBucketName(account, region), Key: "deployments/demo/storage/terraform.tfstate" };
    const { Body } = await aws.s3.send(new GetObjectCommand(state));
    const text = (await Body?.transformToString()) ?? "";
    await aws.s3.send(new PutObjectCommand({ ...state, Body: "{}" }));
    const fileSystems = async () =>
      (await takeInventory(aws, { account })).resources.filter(
        ({ category, stack }) => category === "file-systems" && stack === "storage",
      );
    const [found] = await fileSystems();
    const { error } = await runAudit({ deployment: "demo", delete: true, yes: true });

    expect(error).toBeUndefined();
    expect(await fileSystems()).toEqual([found]);
    expect(found).toMatchObject({ state: "orphan" });
    // An empty state is nobody's, and went with its bucket.
    await createStateBucket(aws, account);
    await aws.s3.send(new PutObjectCommand({ ...state, Body: text }));
  });

  test("what a deployment left is deleted, and nothing else", { timeout: 180_000 }, async () => {
    const first = await runAudit({ deployment: "demo", delete: true, yes: true });
    const between = await takeInventory(createClients(region), { account });
    const second = await runAudit({ deployment: "demo", delete: true, yes: true, data: "delete", confirm: "demo" });
    const after = await readAccount(settings);
    const last = await runAudit({});

    expect(first.error).toBeUndefined();
    expect(new Set(between.resources.map(({ state }) => state))).toEqual(new Set(["kept-data", "live"]));
    expect(second.error).toBeUndefined();
    expect(accountDifferences(before, after).filter((one) => !strangers.some((other) => one.includes(other)))).toEqual(
      [],
    );
    expect(last.error).toBeUndefined();
  });
});

describe("in an account with clusters", () => {
  const id = "fedcba9876543210";
  let remove: () => Promise<void>;

  beforeAll(async () => {
    const clients = { ec2: new EC2Client(settings), eks: new EKSClient(settings), iam: new IAMClient(settings) };
    const tags = { "hubctl:id": id, "hubctl:deployment": "alive", "hubctl:stack": "cluster" };
    const [own, foreign] = await Promise.all([
      createForeignCluster(clients, "alive", tags),
      createForeignCluster(clients, "old"),
    ]);
    // Left by the one whose log it is, which is still there.
    await new CloudWatchLogsClient(settings).send(new CreateLogGroupCommand({ logGroupName: "/aws/eks/old/cluster" }));
    remove = async () => {
      await Promise.all([own.remove(), foreign.remove()]);
    };
  }, 60_000);

  afterAll(() => remove());

  test("a cluster with an id is live with all that is in it, and no other cluster is listed", async () => {
    const { resources } = await takeInventory(createClients(region), { account });
    const own = resources.filter(({ owners }) => owners.some((owner) => owner.id === id));

    expect(own.map(({ category }) => category)).toContain("eks-clusters");
    expect(own.map(({ category, name }) => `${category} ${name ?? ""}`)).toContainEqual(
      expect.stringMatching(/^security-groups eks-cluster-sg-alive-/),
    );
    expect(new Set(own.map(({ state }) => state))).toEqual(new Set(["live"]));
    expect(resources.filter((one) => one.id.includes("old"))).toEqual([]);
  });

  test("what lives is not deleted", async () => {
    const { answer, error } = await runAudit({ deployment: "alive", delete: true, yes: true });

    expect(error).toBeUndefined();
    expect(answer).toEqual({ deleted: 0, left: [], waiting: [] });
  });

  test("a category that may not be looked at is unknown, with all that depends on it", async () => {
    const aws = createClients(region);
    const denied = Object.assign(new Error("not you"), { name: "AccessDeniedException", call: "SQS GetQueueUrl" });
    vi.spyOn(aws.efs, "send").mockImplementation(() => {
      throw denied;
    });
    const rare = { ...aws.rare, sqs: () => Promise.reject(denied) };
    const { unknown } = await takeInventory({ ...aws, rare }, { account });

    expect(unknown).toContainEqual({ category: "queues", reason: "SQS GetQueueUrl: AccessDeniedException: not you" });
    expect(unknown.map(({ category }) => category)).toEqual(
      expect.arrayContaining(["file-systems", "mount-targets", "access-points", "recovery-points"]),
    );
    expect(unknown.map(({ category }) => category)).not.toContain("vpcs");
  });
});

/** All categories but those of EKS, whose clusters are alive as long as they are there. */
const plantable = categoryNames.filter(
  (category) => !category.startsWith("eks-") && category !== "terraform-state" && category !== "other",
);

function splitBy<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
