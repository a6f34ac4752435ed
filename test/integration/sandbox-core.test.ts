import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateClusterCommand, DeleteClusterCommand, DescribeClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, afterEach, expect, test } from "vitest";
import { runningProcesses } from "../../sandbox/process-record.ts";
import { isTrueWithin } from "../../sandbox/processes.ts";
import { projectRoot } from "../../sandbox/paths.ts";
import { isAlive, readState } from "../../sandbox/state.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "hubctl-sandboxes-"));
const main = join(projectRoot, ".build/sandbox/main.js");
/** The first start on a machine builds Kubernetes. */
const coldStart = 900_000;
const started = new Set<string>();

async function sandbox(command: string, name: string): Promise<{ stdout: string; stderr: string }> {
  if (command === "up") started.add(name);
  return await run(process.execPath, [main, command, "--name", name, "--state", folder]);
}

/** What `eval` would make of the lines that `env` prints. */
async function environmentOf(name: string): Promise<Record<string, string>> {
  const { stdout } = await sandbox("env", name);
  const script = `${stdout}\nexec "$0" -e 'process.stdout.write(JSON.stringify(process.env))'`;
  const { stdout: json } = await run("sh", ["-c", script, process.execPath]);
  return JSON.parse(json) as Record<string, string>;
}

async function awsOf(name: string) {
  const env = await environmentOf(name);
  const settings = {
    endpoint: env["AWS_ENDPOINT_URL"] ?? "",
    region: env["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  };
  return { env, settings };
}

async function createCluster(settings: Awaited<ReturnType<typeof awsOf>>["settings"], name: string) {
  const ec2 = new EC2Client(settings);
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const subnetIds: string[] = [];
  for (const [index, zone] of ["a", "b"].entries()) {
    const subnet = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpc.Vpc!.VpcId!,
        CidrBlock: `10.0.${index}.0/24`,
        AvailabilityZone: `${settings.region}${zone}`,
      }),
    );
    subnetIds.push(subnet.Subnet!.SubnetId!);
  }
  const trust = { Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" };
  const role = await new IAMClient(settings).send(
    new CreateRoleCommand({
      RoleName: `${name}-cluster`,
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
    }),
  );
  const eks = new EKSClient(settings);
  await eks.send(
    new CreateClusterCommand({
      name,
      version: "1.36",
      roleArn: role.Role!.Arn!,
      resourcesVpcConfig: { subnetIds },
      accessConfig: { authenticationMode: "API_AND_CONFIG_MAP" },
      bootstrapSelfManagedAddons: false,
    }),
  );
  const isActive = await isTrueWithin(60_000, async () => {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
    return cluster?.status === "ACTIVE";
  });
  expect(isActive).toBe(true);
  return eks;
}

function processesOf(name: string): string[] {
  return runningProcesses(join(folder, name))
    .map((entry) => entry.name)
    .sort();
}

afterEach(async () => {
  for (const name of started) await sandbox("down", name);
  started.clear();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  "a sandbox starts, says how to use it and what runs, and leaves nothing behind",
  { timeout: coldStart },
  async () => {
    const { stderr } = await sandbox("up", "one");
    const dir = join(folder, "one");
    const { env, settings } = await awsOf("one");
    const caller = await new STSClient(settings).send(new GetCallerIdentityCommand({}));
    const { stdout: status } = await sandbox("status", "one");
    const charts = readdirSync(env["HUBCTL_CHART_MIRROR"] ?? "");
    const tools = await Promise.all(
      [
        ["terraform", "version"],
        ["helm", "version"],
        ["kubectl", "version", "--client"],
      ].map(async ([tool, ...args]) => {
        const { stdout } = await run("sh", ["-c", 'exec "$@"', "sh", tool!, ...args], { env });
        return stdout;
      }),
    );

    expect(stderr).toContain("sandbox one is ready");
    expect(stderr).toContain('eval "$(npm run -s sandbox -- env --name one)"');
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(caller.Arn).toBe("arn:aws:iam::123456789012:user/operator");
    expect(status).toContain("sandbox one: ready");
    expect(status).toMatch(/\d+ MB\s+moto/);
    expect(charts).toEqual(expect.arrayContaining(["karpenter-1.14.1.tgz", "karpenter-crd-1.14.1.tgz"]));
    // The newest, and one to upgrade from.
    expect(charts.filter((chart) => chart.startsWith("jupyterhub-"))).toHaveLength(2);
    for (const answer of tools) expect(answer).toMatch(/\d+\.\d+\.\d+/);
    expect(tools[1]).toContain("v4.");

    const again = await sandbox("up", "one");
    expect(again.stderr).toContain("up already");

    const state = readState(dir)!;
    const down = await sandbox("down", "one");
    expect(down.stderr).toContain("sandbox one is gone");
    expect(isAlive(state.supervisor)).toBe(false);
    expect(isAlive(state.watchdog!)).toBe(false);
    expect(existsSync(dir)).toBe(false);
  },
);

test(
  "a cluster's programs end with the cluster, and with a supervisor that is killed",
  { timeout: coldStart },
  async () => {
    await sandbox("up", "one");
    const dir = join(folder, "one");
    const { settings } = await awsOf("one");
    const eks = await createCluster(settings, "first");
    await createCluster(settings, "second");
    const { stdout: status } = await sandbox("status", "one");

    expect(status).toContain("first (Kubernetes 1.36) at https://127.0.0.1:");
    expect(processesOf("one").filter((name) => name.includes("first")).length).toBeGreaterThanOrEqual(5);

    await eks.send(new DeleteClusterCommand({ name: "first" }));
    const isDeleted = await isTrueWithin(60_000, async () => {
      const error: unknown = await eks.send(new DescribeClusterCommand({ name: "first" })).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return error instanceof Error && error.name === "ResourceNotFoundException";
    });
    expect(isDeleted).toBe(true);
    expect(processesOf("one").filter((name) => name.includes("first"))).toEqual([]);

    const state = readState(dir)!;
    const programs = runningProcesses(dir);
    expect(programs.length).toBeGreaterThanOrEqual(6);
    process.kill(state.supervisor.pid, "SIGKILL");

    expect(await isTrueWithin(15_000, () => runningProcesses(dir).length === 0)).toBe(true);
    expect(await isTrueWithin(15_000, () => !isAlive(state.watchdog!))).toBe(true);
    for (const { pid } of programs) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    const after = await sandbox("status", "one");
    expect(after.stdout).toContain("its supervisor is gone");
    await expect(sandbox("env", "one")).rejects.toThrow("is dead");

    const restarted = await sandbox("up", "one");
    expect(restarted.stderr).toContain("removing what is left");
    expect(restarted.stderr).toContain("sandbox one is ready");
  },
);

test("two sandboxes run at once, each with an account of its own", { timeout: coldStart }, async () => {
  await Promise.all([sandbox("up", "one"), sandbox("up", "two")]);
  const [one, two] = [await awsOf("one"), await awsOf("two")];
  const hash = (text: string | undefined) =>
    createHash("sha256")
      .update(text ?? "")
      .digest("hex");

  expect(one.settings.endpoint).not.toBe(two.settings.endpoint);
  expect(hash(one.settings.credentials.secretAccessKey)).not.toBe(hash(two.settings.credentials.secretAccessKey));
  const stranger = new STSClient({ ...one.settings, credentials: two.settings.credentials });
  await expect(stranger.send(new GetCallerIdentityCommand({}))).rejects.toThrow("security token");

  await sandbox("down", "one");
  const caller = await new STSClient(two.settings).send(new GetCallerIdentityCommand({}));
  expect(caller.Account).toBe("123456789012");
});

test("a watchdog that is killed is started again", { timeout: coldStart }, async () => {
  await sandbox("up", "one");
  const dir = join(folder, "one");
  const before = readState(dir)!.watchdog!;
  process.kill(before.pid, "SIGKILL");

  const isBack = await isTrueWithin(10_000, () => {
    const now = readState(dir)?.watchdog;
    return now !== undefined && now.pid !== before.pid && isAlive(now);
  });
  expect(isBack).toBe(true);
  expect(readFileSync(join(dir, "logs/watchdog.log"), "utf8")).toBe("");
});

test(
  "a supervisor whose folder was removed by hand still ends when it is told to",
  { timeout: coldStart },
  async () => {
    await sandbox("up", "one");
    const dir = join(folder, "one");
    const state = readState(dir)!;
    const programs = runningProcesses(dir);
    rmSync(dir, { recursive: true });
    process.kill(state.supervisor.pid, "SIGTERM");

    const isOver = () => !isAlive(state.supervisor) && programs.every((program) => !isAlive(program));
    expect(await isTrueWithin(30_000, isOver)).toBe(true);
    expect(programs.length).toBeGreaterThan(0);
    expect(await isTrueWithin(15_000, () => !isAlive(state.watchdog!))).toBe(true);
  },
);
