import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBinaries } from "../../sandbox/binaries/index.ts";
import { fillChartMirror } from "../../sandbox/chart-mirror.ts";
import { startControlPlane } from "../../sandbox/kube/control-plane.ts";
import type { ControlPlane } from "../../sandbox/kube/types.ts";
import { createWorld } from "../../sandbox/world.ts";
import { findReleaseDrift } from "../../src/plan/release-drift.ts";
import { countServers } from "../../src/plan/running-servers.ts";
import { hub } from "../../src/releases/hub.ts";
import { karpenterCrd } from "../../src/releases/karpenter-crd.ts";
import { platform } from "../../src/releases/platform.ts";
import { chartReference, type Release } from "../../src/releases/release.ts";
import { previewRelease } from "../../src/steps/preview-release.ts";
import { createExec, type Exec } from "../../src/tools/exec.ts";
import { parseMetadata, metadataCommand, upgradeCommand, type KubeTarget } from "../../src/tools/helm.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";

const dir = mkdtempSync(join(tmpdir(), "hubctl-plan-releases-"));
const inputs = releaseInputs();
let plane: ControlPlane;
let exec: Exec;
let target: KubeTarget;

const never = () => {
  throw new Error("nobody logs in but the admin");
};

function upgradeOf(release: Release, values: Record<string, unknown> = release.values(inputs)) {
  return { chart: chartReference(release, join(dir, "charts")), values, timeoutSeconds: 120 };
}

/** Without waiting for pods, which nobody runs here, and without hooks, which are such pods. */
async function upgrade(release: Release, values?: Record<string, unknown>): Promise<void> {
  const place = { ...target, release: release.name, namespace: release.namespace };
  const command = upgradeCommand(place, upgradeOf(release, values));
  await exec({ ...command, args: [...command.args.filter((word) => word !== "--wait"), "--no-hooks"] });
}

async function kubectl(...args: string[]): Promise<string> {
  const flags = ["--kubeconfig", target.kubeconfig, "--namespace", hub.namespace];
  return (await exec({ file: "kubectl", args: [...args, ...flags] })).stdout;
}

const annotation = "service.beta.kubernetes.io/aws-load-balancer-type";
const drift = async () => [...(await findReleaseDrift(exec, target, inputs.config)).values()].flat();

beforeAll(async () => {
  const binaries = await findBinaries(() => undefined);
  const world = createWorld({ name: "test", dir, binaries });
  await fillChartMirror(join(dir, "charts"), binaries, () => undefined);
  plane = await startControlPlane(world, {
    cluster: "demo",
    version: "1.36",
    issuer: "https://oidc.example.org",
    verifyPresigned: never,
    identityFor: () => undefined,
    podIdentityRole: () => undefined,
    onLoginRefused: () => undefined,
  });
  const paths = [binaries.helm, binaries.kubectl].map((file) => dirname(file));
  exec = createExec({ env: { ...process.env, PATH: [...paths, process.env["PATH"]].join(delimiter) } });
  target = { kubeconfig: plane.adminKubeconfig, context: await contexts(plane.adminKubeconfig) };
  for (const release of [karpenterCrd, platform, hub]) await upgrade(release);
}, 600_000);

afterAll(async () => {
  await plane.stop();
  rmSync(dir, { recursive: true, force: true });
});

function flagsOf({ kubeconfig, context }: KubeTarget): string[] {
  return ["--kubeconfig", kubeconfig, "--context", context, "--namespace", hub.namespace];
}

/** As EKS' AmazonEKSAdminViewPolicy: everything may be read, Secrets included. */
async function readerOf(admin: KubeTarget): Promise<KubeTarget> {
  const rbac = "rbac.authorization.k8s.io";
  const metadata = { name: "reader", namespace: hub.namespace };
  const items = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name: "reader" },
      rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "reader" },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "reader" },
      subjects: [{ kind: "ServiceAccount", ...metadata }],
    },
  ];
  const create = { file: "kubectl", args: ["create", "--filename", "-", ...flagsOf(admin)] };
  await exec({ ...create, input: JSON.stringify({ apiVersion: "v1", kind: "List", items }) });
  const token = (await kubectl("create", "token", "reader")).trim();
  const view = {
    file: "kubectl",
    args: ["config", "view", "--raw", "--minify", "--output", "json", ...flagsOf(admin)],
  };
  const config = JSON.parse((await exec(view)).stdout) as { users: { user: object }[] };
  for (const user of config.users) user.user = { token };
  const kubeconfig = join(dir, "reader.kubeconfig");
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return { ...admin, kubeconfig };
}

async function contexts(kubeconfig: string): Promise<string> {
  const { stdout } = await exec({ file: "kubectl", args: ["config", "current-context", "--kubeconfig", kubeconfig] });
  return stdout.trim();
}

describe("what the cluster holds", { timeout: 120_000 }, () => {
  it("is what Helm asked for, whatever the API server has filled in", async () => {
    expect(await drift()).toEqual([]);
  });

  it("is told where somebody has changed it, and an upgrade puts it back", async () => {
    await kubectl("annotate", "service", "proxy-public", "--overwrite", `${annotation}=external`);
    await kubectl("patch", "nodepool", "user", "--type=merge", '--patch={"spec":{"limits":{"cpu":"7"}}}');
    await kubectl("patch", "secret", "hub", "--type=merge", '--patch={"stringData":{"values.yaml":"a: by-hand"}}');
    await kubectl("delete", "configmap", "hub");
    const found = await drift();
    expect(found.map(({ what, kind }) => [what, kind]).sort()).toEqual([
      ["ConfigMap/jupyterhub/hub", "gone"],
      ["NodePool/user", "changed"],
      ["Secret/jupyterhub/hub", "changed"],
      ["Service/jupyterhub/proxy-public", "changed"],
    ]);
    expect(found.find(({ what }) => what === "NodePool/user")?.attributes).toEqual([
      { path: "spec.limits.cpu", before: String(inputs.config.users.maxVcpus), after: "7" },
    ]);
    const { generated, secrets } = inputs;
    for (const hidden of ["by-hand", ...Object.values(generated), secrets.clientSecret ?? "by-hand"]) {
      expect(JSON.stringify(found)).not.toContain(hidden);
    }
    for (const release of [platform, hub]) await upgrade(release);
    expect(await drift()).toEqual([]);
  });

  it("is compared with what an upgrade would ask for, and left as it is", async () => {
    const place = { ...target, release: hub.name, namespace: hub.namespace };
    const revision = async () => parseMetadata((await exec(metadataCommand(place))).stdout).revision;
    const before = await revision();
    const values = hub.values({
      ...inputs,
      secrets: { ...inputs.secrets, ...(inputs.secrets.clientSecret && { clientSecret: "another-client-secret" }) },
      config: { ...inputs.config, culling: { ...inputs.config.culling, enabled: true, idleMinutes: 17 } },
    });
    const state = { kind: "different" as const, reasons: [], revision: before, chartVersion: "4.4.0" };
    const changes = await previewRelease(exec, { target: place, state, upgrade: upgradeOf(hub, values), anew: [] });
    const secret = changes.find(({ what }) => what === "Secret/jupyterhub/hub");
    expect(secret?.attributes).toContainEqual(expect.objectContaining({ after: 17 * 60 }));
    expect(changes.map(({ action, what }) => [action, what])).toContainEqual(["change", "Deployment/jupyterhub/hub"]);
    expect(changes.every(({ action }) => action === "change")).toBe(true);
    expect(JSON.stringify(changes)).not.toContain("another-client-secret");
    for (const hidden of Object.values(inputs.generated)) expect(JSON.stringify(changes)).not.toContain(hidden);
    expect(await revision()).toBe(before);
    expect(await drift()).toEqual([]);
  });

  it("is seen by who may only read", async () => {
    const reading = await readerOf(target);
    const mayWrite = { file: "kubectl", args: ["auth", "can-i", "create", "configmaps", ...flagsOf(reading)] };
    await expect(exec(mayWrite)).rejects.toThrow();
    const place = { ...reading, release: hub.name, namespace: hub.namespace };
    const state = { kind: "different" as const, reasons: [], revision: 1, chartVersion: "" };
    const values = { ...hub.values(inputs), cull: { enabled: false } };
    const changes = await previewRelease(exec, { target: place, state, upgrade: upgradeOf(hub, values), anew: [] });
    expect(changes.map(({ what }) => what)).toContain("Secret/jupyterhub/hub");
    expect([...(await findReleaseDrift(exec, reading, inputs.config)).values()].flat()).toEqual([]);
    await expect(countServers(exec, reading)).resolves.toEqual({ servers: 0, users: 0 });
  });

  it("has no change when the same is asked for once more", async () => {
    for (const release of [karpenterCrd, platform, hub]) {
      const place = { ...target, release: release.name, namespace: release.namespace };
      const state = { kind: "different" as const, reasons: [], revision: 1, chartVersion: "" };
      const changes = await previewRelease(exec, { target: place, state, upgrade: upgradeOf(release), anew: [] });
      expect(changes).toEqual([]);
    }
  });
});
