import { ListClustersCommand } from "@aws-sdk/client-eks";
import { DescribeInstancesCommand, DescribeTagsCommand, DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clusterInTheMaking } from "../helpers/cluster-in-the-making.ts";
import { clientsFor } from "../helpers/aws-clients.ts";
import { createForeignCluster } from "../helpers/foreign-cluster.ts";
import { eventually } from "../helpers/eventually.ts";
import { hubctl, startHubctl } from "../helpers/hubctl.ts";
import { watchCommandLines } from "../helpers/process-watch.ts";
import { projectRoot, startSandbox, type Sandbox } from "../helpers/sandbox.ts";

const run = promisify(execFile);
const deployment = ["--deployment", "dandihub"];
const clientSecret = "gho-e2e-client-secret-0f5e9";

let sandbox: Sandbox;
let env: NodeJS.ProcessEnv;
/** The folder with dandihub.tfvars. */
let cwd: string;
let aws: ReturnType<typeof clientsFor>;
const work = (...path: string[]) => join(cwd, ".hubctl", "dandihub", ...path);

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hubctl-e2e-"));
  await cp(join(projectRoot, "examples", "dandihub"), cwd, { recursive: true });
  sandbox = await startSandbox(`e2e-install-${process.pid}`);
  env = { ...sandbox.env, TF_VAR_github_client_secret: clientSecret };
  aws = clientsFor(env);
});

afterAll(async () => {
  await sandbox.down();
  await rm(cwd, { recursive: true, force: true });
});

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run("kubectl", ["--kubeconfig", work("kubeconfig"), ...args], { env });
  return stdout;
}

async function terraform(stack: string, ...args: string[]): Promise<string> {
  const { stdout } = await run("terraform", args, { cwd: work("terraform", stack), env, maxBuffer: 1 << 26 });
  return stdout;
}

/** The state less the checks of variables, whose order changes with every write. */
async function readState(stack: string): Promise<{ serial: number; resources: unknown[] }> {
  const { serial, resources } = JSON.parse(await terraform(stack, "state", "pull")) as {
    serial: number;
    resources: unknown[];
  };
  return { serial, resources };
}

/** Of the EC2 objects that carry this stack's tag, those that Terraform's state does not know. */
async function unknownToState(): Promise<string[]> {
  const state = JSON.stringify(await readState("cluster"));
  const { Tags = [] } = await aws.ec2.send(new DescribeTagsCommand({}));
  // Instances, their volumes and interfaces are made by EKS from the node group's launch template; Karpenter makes
  // launch templates of its own, with the tags of its node class and one that names the cluster.
  const byEks = new Set<string | undefined>(["instance", "volume", "network-interface"]);
  const byKarpenter = new Set(
    Tags.filter(({ Key }) => Key?.startsWith("karpenter")).map(({ ResourceId }) => ResourceId),
  );
  const made = Tags.filter(
    ({ Key, Value, ResourceType, ResourceId }) =>
      Key === "hubctl:stack" && Value === "cluster" && !byEks.has(ResourceType) && !byKarpenter.has(ResourceId),
  );
  expect(made.length).toBeGreaterThan(10);
  return made.map(({ ResourceId }) => ResourceId ?? "").filter((id) => !state.includes(id));
}

describe("before anything exists", () => {
  test("without a terminal and without --yes it shows the plan, says so and stops", async () => {
    const { exitCode, stderr } = await hubctl(["install", ...deployment], { cwd, env });
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain("account 123456789012, region us-east-2");
    expect(stderr).toContain("https://hub.dandi.example");
    expect(stderr).toMatch(/the EKS cluster and its core nodes: \d+ to create/);
    expect(stderr).toContain("--yes");
    const { Vpcs = [] } = await aws.ec2.send(new DescribeVpcsCommand({}));
    expect(Vpcs.filter(({ IsDefault }) => !IsDefault)).toEqual([]);
    expect(await readdir(cwd)).not.toContain("dandihub.hub.lock.yaml");
  });

  test("missing secrets and variables are one error that lists them all", async () => {
    const other = await mkdtemp(join(tmpdir(), "hubctl-e2e-bad-"));
    await writeFile(
      join(other, "broken.tfvars"),
      'jupyterhub_domain = ""\nsingleuser_image_repos = "x"\nadmin_users = "me"\n',
    );
    const bare = { ...env, TF_VAR_github_client_secret: "", TF_VAR_aws_certificate_arn: "" };
    const { exitCode, stderr } = await hubctl(["install", "--deployment", "broken", "--yes"], {
      cwd: other,
      env: bare,
    });
    expect(exitCode).toBe(2);
    for (const named of [
      "jupyterhub_domain",
      "singleuser_image_repos",
      "singleuser_image_repo",
      "singleuser_image_tag",
      "admin_users",
      "TF_VAR_github_client_secret",
      "TF_VAR_aws_certificate_arn",
      "broken.tfvars:1",
    ]) {
      expect(stderr).toContain(named);
    }
    await rm(other, { recursive: true });
  });

  test("an EKS cluster of the same name that is not ours is refused and left alone", async () => {
    const foreign = await createForeignCluster(aws, "dandihub");
    const { exitCode, stderr } = await hubctl(["install", ...deployment, "--yes"], { cwd, env });
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain("an EKS cluster named dandihub exists already and carries no hubctl:id tag");
    const { clusters } = await aws.eks.send(new ListClustersCommand({}));
    expect(clusters).toEqual(["dandihub"]);
    await foreign.remove();
  });
});

describe("install", () => {
  test("killed in the middle of the cluster stack, Terraform finishes and the next run goes on", async () => {
    const killed = startHubctl(["install", ...deployment, "--yes"], { cwd, env });
    await clusterInTheMaking(aws.eks, "dandihub");
    killed.process.kill("SIGKILL");
    await killed.ended;
    const record = JSON.parse(await readFile(work("terraform", "cluster", "terraform-run.json"), "utf8")) as {
      pid: number;
    };
    expect(() => process.kill(record.pid, 0)).not.toThrow();

    const watch = watchCommandLines([clientSecret]);
    const resumed = await hubctl(["install", ...deployment, "--yes"], { cwd, env });
    const { looks, seenHelm, leaks } = await watch.stop();
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain("terraform apply of an earlier run is still working: following it");
    expect(await unknownToState()).toEqual([]);
    // Secrets are in nobody's command line while Helm and Terraform run.
    expect(looks).toBeGreaterThan(50);
    expect(seenHelm).toBe(true);
    expect(leaks).toEqual([]);
  });

  test("the hub runs behind a load balancer, with all that it needs", async () => {
    const { stdout } = await hubctl(["install", ...deployment, "--yes"], { cwd, env });
    expect(stdout).toMatch(/load balancer \S+\.elb\.us-east-2\.amazonaws\.com/);
    const pods = JSON.parse(await kubectl("get", "pods", "-A", "-o", "json")) as PodList;
    const notReady = pods.items.filter(({ status }) => !status.conditions.some(isReady));
    expect(notReady.map(({ metadata }) => metadata.name)).toEqual([]);
    const claims = await kubectl("get", "pvc", "-n", "jupyterhub", "-o", "jsonpath={.items[*].status.phase}");
    expect(new Set(claims.split(" "))).toEqual(new Set(["Bound"]));
  });

  test("again, it does nothing: no step runs, no revision is made, both raw plans are empty", async () => {
    const before = await kubectl("get", "secrets", "-A", "-l", "owner=helm", "-o", "name");
    const again = await hubctl(["install", ...deployment], { cwd, env });
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stderr).toContain("Nothing to do");
    expect(await kubectl("get", "secrets", "-A", "-l", "owner=helm", "-o", "name")).toBe(before);
    for (const stack of ["storage", "cluster"]) {
      // Fails with exit code 2 when there is anything to change.
      await terraform(stack, "plan", "-detailed-exitcode", "-input=false", "-no-color");
    }
  });

  test("no secret is in a file, a log, or Terraform's state", async () => {
    const files = await readdir(cwd, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map(async (file) => {
          const path = join(file.parentPath, file.name);
          return { path, holds: (await readFile(path)).includes(clientSecret) };
        }),
    );
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.filter(({ holds }) => holds)).toEqual([]);
    for (const stack of ["storage", "cluster"]) {
      const state = await terraform(stack, "state", "pull");
      expect(state).toContain('"resources"');
      expect(state).not.toContain(clientSecret);
      expect(state).not.toMatch(/cookieSecret|cryptKeeperKey/);
    }
  });

  test("a login for another account is refused before anything is touched", async () => {
    const other = { ...env, ...sandbox.otherAccount };
    const { exitCode, stderr } = await hubctl(["install", ...deployment, "--yes"], { cwd, env: other });
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain("belongs to AWS account 123456789012");
  });

  test("a change that would replace the VPC is refused, and nothing is touched", async () => {
    const file = join(cwd, "dandihub.tfvars");
    const original = await readFile(file, "utf8");
    await writeFile(file, `${original}\nvpc_cidr = "10.99.0.0/16"\n`);
    const before = await readState("cluster");
    const { exitCode, stderr } = await hubctl(["install", ...deployment, "--yes"], { cwd, env });
    await writeFile(file, original);
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain("network.vpc.cidr is 10.99.0.0/16, but was 10.0.0.0/16");
    expect(stderr).toContain("nothing was touched");
    expect((await readState("cluster")).resources).toEqual(before.resources);
  });

  test("a pending user pod starts a node, and its deletion takes node and instance away", async () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "jupyter-someone", namespace: "jupyterhub" },
      spec: {
        nodeSelector: { "hub.jupyter.org/node-purpose": "user" },
        tolerations: [{ key: "hub.jupyter.org/dedicated", operator: "Equal", value: "user", effect: "NoSchedule" }],
        containers: [{ name: "notebook", image: "jupyter", resources: { requests: { cpu: "1", memory: "2Gi" } } }],
      },
    };
    const manifest = join(cwd, "pod.json");
    await writeFile(manifest, JSON.stringify(pod));
    const userNodes = () => kubectl("get", "nodes", "-l", "hub.jupyter.org/node-purpose=user", "-o", "name");
    const instances = async () => {
      const { Reservations = [] } = await aws.ec2.send(
        new DescribeInstancesCommand({
          Filters: [
            { Name: "tag-key", Values: ["karpenter.sh/nodepool"] },
            { Name: "instance-state-name", Values: ["pending", "running"] },
          ],
        }),
      );
      return Reservations.flatMap(({ Instances = [] }) => Instances);
    };
    expect(await userNodes()).toBe("");

    await kubectl("apply", "-f", manifest);
    await kubectl("wait", "pod/jupyter-someone", "-n", "jupyterhub", "--for=condition=Ready", "--timeout=180s");
    expect((await userNodes()).trim().split("\n")).toHaveLength(1);
    expect(await instances()).toHaveLength(1);

    // Empty nodes stay for five minutes; the test does not.
    const soon = JSON.stringify({ spec: { disruption: { consolidateAfter: "5s" } } });
    await kubectl("patch", "nodepool", "user", "--type", "merge", "--patch", soon);
    await kubectl("delete", "pod/jupyter-someone", "-n", "jupyterhub");
    await eventually("the node to be gone", async () => (await userNodes()) === "", 240);
    await eventually("the instance to be gone", async () => (await instances()).length === 0);
  });
});

interface PodList {
  items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[];
}

function isReady(condition: { type: string; status: string }): boolean {
  return condition.type === "Ready" && condition.status === "True";
}
