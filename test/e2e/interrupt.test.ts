import { DescribeClusterCommand } from "@aws-sdk/client-eks";
import { DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { clusterInTheMaking } from "../helpers/cluster-in-the-making.ts";
import { hubctl, startHubctl } from "../helpers/hubctl.ts";
import { startSandbox, type Sandbox } from "../helpers/sandbox.ts";

const run = promisify(execFile);
const install = ["install", "--deployment", "workshop", "--yes"];

let sandbox: Sandbox;
let env: NodeJS.ProcessEnv;
let cwd: string;

/** The hub.yaml form, with the login that needs no identity provider. */
const hubYaml = `
aws:
  region: us-east-2
domain: hub.dandi.example
auth:
  method: shared-password
  admins: [ada]
  allowAll: true
image:
  repository: quay.io/jupyter/scipy-notebook
  tag: "2026-11-03"
`;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hubctl-e2e-"));
  await mkdir(join(cwd, "deployments", "workshop"), { recursive: true });
  await writeFile(join(cwd, "deployments", "workshop", "hub.yaml"), hubYaml);
  sandbox = await startSandbox(`e2e-interrupt-${process.pid}`);
  env = {
    ...sandbox.env,
    HUBCTL_USER_PASSWORD: "correct-horse-battery",
    HUBCTL_ADMIN_PASSWORD: "an-admin-password-of-more-than-32-characters",
  };
});

afterAll(async () => {
  await sandbox.down();
  await rm(cwd, { recursive: true, force: true });
});

test("Ctrl-C during the cluster's creation stops safely, and the next run keeps what was begun", async () => {
  const { eks, ec2 } = clientsFor(env);
  const first = startHubctl(install, { cwd, env });
  const begun = await clusterInTheMaking(eks, "workshop");
  first.process.kill("SIGINT");
  const interrupted = await first.ended;
  expect(interrupted.exitCode, interrupted.stderr).toBe(130);
  expect(interrupted.stderr).toContain("Interrupted: waiting for terraform to stop safely");
  expect(interrupted.stderr).toContain("hubctl install --deployment workshop");

  const resumed = await hubctl(install, { cwd, env });
  expect(resumed.exitCode, resumed.stderr).toBe(0);
  const { cluster } = await eks.send(new DescribeClusterCommand({ name: "workshop" }));
  expect(cluster?.createdAt).toEqual(begun.createdAt);
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  expect(Vpcs.filter(({ IsDefault }) => !IsDefault)).toHaveLength(1);
});

test("the hub of the hub.yaml form has the shared passwords, and no file has them", async () => {
  const kubeconfig = join(cwd, ".hubctl", "workshop", "kubeconfig");
  const { stdout } = await run(
    "helm",
    ["get", "values", "hub", "-n", "jupyterhub", "--kubeconfig", kubeconfig, "-o", "json"],
    { env },
  );
  const values = JSON.parse(stdout) as { hub: { config: Record<string, Record<string, unknown>> } };
  expect(values.hub.config["JupyterHub"]?.["authenticator_class"]).toBe("shared-password");
  expect(values.hub.config["SharedPasswordAuthenticator"]?.["user_password"]).toBe("correct-horse-battery");
  await expect(run("grep", ["-rl", "correct-horse-battery", cwd])).rejects.toMatchObject({ code: 1 });
});
