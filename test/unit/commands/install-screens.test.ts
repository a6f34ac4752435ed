import { describe, expect, it } from "vitest";
import { describeIntent, describeOutcome } from "../../../src/commands/install-screens.ts";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { turnsOf, type Checked } from "../../../src/engine/step.ts";
import { installSteps } from "../../../src/steps/index.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";
import { changeOf, fakeInstallation, fakeStack, planOf } from "../../helpers/installation.ts";

const ids = turnsOf(installSteps)
  .flat()
  .map(({ id }) => id);

/** What all steps found; those that are not named are unknown. */
function checks(found: Record<string, Checked<unknown>>) {
  return new Map(ids.map((id) => [id, found[id] ?? { unknown: "known once the cluster exists" }]));
}
const intent = async (installation: ReturnType<typeof fakeInstallation>, found: Record<string, Checked<unknown>>) =>
  (await describeIntent(installation, installSteps, checks(found), fakeOutput())).join("\n");

describe("what is asked for consent", () => {
  it("says for a first install what it is for, where, and what will be created", async () => {
    const text = await intent(fakeInstallation(), {
      "check-tools": { done: "terraform 1.11.4" },
      "check-login": { done: "operator" },
      "record-versions": { change: "Kubernetes 1.36, hub chart 4.4.0, 2 zones", plan: {} },
      "state-bucket": { change: "create the bucket hubctl-123456789012-us-east-2", plan: {} },
      "storage-stack": { change: "11 to create", plan: {} },
      "cluster-stack": { change: "66 to create", plan: {} },
    });
    expect(text).toMatchInlineSnapshot(`
      "dandihub: a JupyterHub at https://hub.example.org
        in AWS account 123456789012, region us-east-2, as arn:aws:iam::123456789012:user/operator
        on EKS with Kubernetes 1.36: 1 m6i.large for the hub; users' nodes come and go, up to 64 vCPUs
      What will be done:
        • Record versions and zones: Kubernetes 1.36, hub chart 4.4.0, 2 zones
        • Keep Terraform's state in a bucket and take the run lock: create the bucket hubctl-123456789012-us-east-2
        • Create what outlives a cluster: file system, secrets: 11 to create
        • Create the VPC, the EKS cluster and its core nodes: 66 to create
      Then, as far as needed:
        • Check that the recorded versions fit what runs
        • Wait for what EKS has begun
        • Get a certificate for the domain
        • Make the hub's own keys and keep them in Secrets Manager
        • Attach the file system to the VPC
        • Write the deployment's kubeconfig
        • Wait for the core nodes
        • Teach the cluster Karpenter's node pools
        • Install Karpenter, which starts users' nodes
        • Keep the hub's database fit for the hub's version
        • Install node pools, storage classes and volumes
        • Install the plugin that offers GPUs
        • Wait until the certificate can be used
        • Install the hub
        • Wait for the hub's load balancer
        • Lead the domain to the hub"
    `);
  });

  it("names whatever exists and would be changed, replaced or deleted", async () => {
    const cluster = fakeStack([]);
    cluster.shown = planOf({
      create: [changeOf("aws_iam_role.new")],
      update: [changeOf("aws_iam_role.node")],
      replace: [changeOf("aws_launch_template.core")],
      delete: [changeOf("aws_sqs_queue.old")],
    });
    const installation = fakeInstallation({ stacks: { storage: fakeStack([]), cluster } });
    const text = await intent(installation, { "cluster-stack": { change: "1 to create", plan: {} } });
    expect(text).toContain(
      "    change aws_iam_role.node\n    replace aws_launch_template.core\n    delete aws_sqs_queue.old",
    );
    expect(text).not.toContain("aws_iam_role.new");
  });
});

describe("what it costs", () => {
  const first = (changes: Partial<HubConfig> = {}) => {
    const cluster = fakeStack([]);
    cluster.shown = planOf({ create: [changeOf("aws_vpc.this"), changeOf("aws_eks_cluster.this")] });
    const { config } = fakeInstallation();
    const stacks = { storage: fakeStack([]), cluster };
    return intent(fakeInstallation({ stacks, config: { ...config, ...changes } }), {});
  };
  const costs = async (changes?: Partial<HubConfig>) => (await first(changes)).replace(/^[^]*(?=What it costs)/, "");

  it("is said before the cluster is created", async () => {
    expect(await costs()).toMatchInlineSnapshot(`
      "What it costs: about $208.50 a month, as long as it is there
        (an estimate from list prices of July 2026; without taxes and discounts)
        $73.00  EKS control plane
        $70.08  1 m6i.large for the hub
         $4.80  volumes of these nodes and of the hub
        $32.85  NAT gateway
        $16.43  network load balancer
        $10.95  3 public IPv4 addresses
         $0.40  secret in Secrets Manager
      and by use:
        • users' nodes, while they run: $0.15 an hour (one of 4 vCPUs) to $4.87 (all 64 vCPUs that are allowed)
        • homes and shared folders: $30.00 a month for 100 GB; $0.03 a GB read, $0.06 a GB written
        • their backups: $5.00 a month for 100 GB, and what changes from day to day
        • traffic to the internet: $0.045 a GB through the NAT gateway, either way, and what goes out costs more"
    `);
  });

  it("is not said again once there is a cluster", async () => {
    const text = await intent(fakeInstallation(), { hub: { change: "upgrade", plan: {} } });
    expect(text).not.toContain("$");
  });

  it("is said to differ in regions that the table is not about", async () => {
    const { aws } = fakeInstallation().config;
    expect(await costs({ aws: { ...aws, region: "sa-east-1" } })).toContain(
      "  (an estimate from list prices of July 2026, as in us-east-1 and us-east-2; sa-east-1 may cost up to twice as much; ",
    );
  });

  it("names what the table does not know, and does not count it", async () => {
    const { cluster } = fakeInstallation().config;
    const unknown = { ...cluster, coreNodes: { ...cluster.coreNodes, instanceType: "x9.large" } };
    const text = await costs({ cluster: unknown });
    expect(text).toMatch(/^What it costs: about \$138\.\d\d a month and what is not in the table,/);
    expect(text).toContain("  not in the table  1 x9.large for the hub\n");
  });
});

describe("the end of an install", () => {
  const step = (id: string, title: string, seconds: number, outcome: "done" | "skipped") => ({
    id,
    title,
    seconds,
    outcome,
    attempts: 1,
  });

  it("tells how long each step took that did something, where the hub answers, and what is next", () => {
    const installation = { ...fakeInstallation(), loadBalancer: "hub-1.elb.us-east-2.amazonaws.com" };
    const steps = [
      step("check-tools", "Check tools", 0.2, "skipped"),
      step("cluster-stack", "Create the VPC, the EKS cluster and its core nodes", 663, "done"),
      step("hub", "Install the hub", 48, "done"),
    ];
    expect(describeOutcome(installation, { steps, seconds: 712 })).toMatchInlineSnapshot(`
      "dandihub is installed, in 11 min 52 s:
        11 min 03 s  Create the VPC, the EKS cluster and its core nodes
               48 s  Install the hub
      The hub answers at the load balancer hub-1.elb.us-east-2.amazonaws.com
      Next:
        1. point hub.example.org to it: hubctl route-dns --deployment dandihub
        2. open https://hub.example.org and log in as grace
      To look inside: hubctl kubeconfig --deployment dandihub > dandihub.kubeconfig; kubectl --kubeconfig dandihub.kubeconfig get pods -A"
    `);
  });

  it("tells no times when nothing was to do", () => {
    const steps = [step("hub", "Install the hub", 1, "skipped")];
    const text = describeOutcome(fakeInstallation(), { steps, seconds: 3 });
    expect(text).not.toContain("Install the hub");
    expect(text).toMatch(/^The hub answers at the load balancer \(not known\)\nNext:/);
  });
});
