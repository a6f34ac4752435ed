import type { Addon } from "@aws-sdk/client-eks";
import { describe, expect, it } from "vitest";
import { hashOf } from "../../../src/aws/config-copy.ts";
import { hashText } from "../../../src/config/config-files.ts";
import { judgeAddons } from "../../../src/health/add-ons.ts";
import { judgeCluster } from "../../../src/health/cluster.ts";
import { judgeConfiguration } from "../../../src/health/configuration.ts";
import { judgeKarpenter } from "../../../src/health/karpenter.ts";
import type { Answer } from "../../../src/health/layer.ts";
import { judgeNodes } from "../../../src/health/nodes.ts";
import { judgeReleases } from "../../../src/health/releases.ts";
import { testedVersions } from "../../../src/versions.ts";
import {
  karpenterObjects,
  kubeObjects,
  minutesAgo,
  node,
  now,
  object,
  pod,
  subject,
} from "../../helpers/health-scene.ts";

const install = "hubctl install --deployment dandihub";

describe("the configuration", () => {
  const scene = subject();
  const local = new Map([["dandihub.tfvars", "domain"]]);
  const copy = {
    format: 1 as const,
    hubctl: "0.1.0",
    form: "tfvars" as const,
    name: "dandihub",
    id: scene.lock.id,
    saved: "2026-11-20T10:00:00.000Z",
    by: "ann@laptop",
    principal: "arn:aws:iam::123456789012:user/ann",
    hash: hashOf(local),
    files: { "dandihub.tfvars": { sha256: hashText("domain"), version: "1" } },
    earlier: ["an earlier one"],
  };
  const other = { ...copy, hash: "theirs", files: { "dandihub.tfvars": { sha256: "theirs", version: "2" } } };

  it("is well when it is recorded, and as it was installed last", () => {
    expect(judgeConfiguration(scene, { value: copy }, local, undefined)).toMatchObject({
      state: "ok",
      finding: "dandihub.tfvars, recorded in dandihub.hub.lock.yaml",
      details: { id: scene.lock.id, installedBy: "ann@laptop" },
    });
    expect(judgeConfiguration(scene, { value: undefined }, local, undefined).state).toBe("ok");
  });

  it("is a warning when it asks for another Kubernetes than the recorded one", () => {
    const changed = subject();
    changed.config.cluster.kubernetesVersion = "1.37";
    expect(judgeConfiguration(changed, { value: copy }, local, undefined)).toMatchObject({
      state: "warning",
      finding: "Kubernetes 1.37 of the configuration has no effect: 1.36 is recorded",
    });
  });

  it.each([
    ["changed since", other.hash, [], "changed since the last install: dandihub.tfvars", install],
    [
      "older",
      undefined,
      [copy.hash],
      "it is older than what ann@laptop installed at 2026-11-20T10:00:00.000Z",
      "fetch",
    ],
    ["changed beside", "another", [], "it is another one than what ann@laptop installed", "fetch"],
    ["unknown here", undefined, [], "it is another one than what ann@laptop installed", "fetch"],
  ])("is a warning when it is %s", (_, lastSeen, earlier, finding, todo) => {
    expect(judgeConfiguration(scene, { value: { ...other, earlier } }, local, lastSeen)).toMatchObject({
      state: "warning",
      finding: expect.stringContaining(finding) as string,
      todo: expect.stringContaining(todo) as string,
    });
  });

  it("is a problem when the state is of another deployment of this name", () => {
    expect(judgeConfiguration(scene, { value: { ...copy, id: "other" } }, local, undefined)).toMatchObject({
      state: "problem",
      finding: "the state bucket knows another deployment named dandihub, which ann@laptop installed",
    });
  });

  it("is unknown when its copy can't be read", () => {
    expect(judgeConfiguration(scene, { unknown: "AccessDenied" }, local, undefined)).toMatchObject({
      state: "unknown",
      finding: "AccessDenied",
    });
  });
});

describe("the cluster", () => {
  const scene = subject();
  const cluster = {
    name: "dandihub",
    status: "ACTIVE" as const,
    version: "1.36",
    tags: { "hubctl:id": scene.lock.id },
  };
  const supportedFor = (days: number) => ({
    value: [{ clusterVersion: "1.36", endOfStandardSupportDate: new Date(now.getTime() + days * 86_400_000) }],
  });

  it("is well while its version is supported for long", () => {
    expect(judgeCluster(scene, cluster, supportedFor(91))).toEqual({
      state: "ok",
      finding: "Kubernetes 1.36, 91 days of standard support left",
      details: { status: "ACTIVE", version: "1.36", supportEnds: "2027-02-20T12:00:00.000Z", supportDaysLeft: 91 },
    });
  });

  it("is a warning from 90 days before the end of support on, with what happens then", () => {
    expect(judgeCluster(scene, cluster, supportedFor(90))).toMatchObject({
      state: "warning",
      finding:
        "Kubernetes 1.36 has 90 days of standard support left; from 2027-02-19 on AWS updates the cluster by itself",
    });
    const extended = subject();
    extended.config.cluster.supportPolicy = "EXTENDED";
    expect(judgeCluster(extended, cluster, supportedFor(-3))).toMatchObject({
      state: "warning",
      finding:
        "Kubernetes 1.36 is out of standard support since 2026-11-18: an hour of the cluster costs six times as much",
    });
  });

  it("is a problem when there is none", () => {
    expect(judgeCluster(scene, undefined, supportedFor(100))).toMatchObject({
      state: "problem",
      finding: "there is no EKS cluster named dandihub in us-east-2",
      todo: install,
    });
  });

  it("is a problem when it is somebody else's", () => {
    const foreign = { ...cluster, tags: { "hubctl:id": "other" } };
    expect(judgeCluster(scene, foreign, supportedFor(100))).toMatchObject({
      state: "problem",
      finding: expect.stringContaining("belongs to the deployment with hubctl:id other") as string,
    });
  });

  it.each([
    ["CREATING", "warning"],
    ["UPDATING", "warning"],
    ["FAILED", "problem"],
    ["DELETING", "problem"],
  ] as const)("that is %s is a %s", (status, state) => {
    expect(judgeCluster(scene, { ...cluster, status }, supportedFor(100)).state).toBe(state);
  });

  it("is a problem when EKS says so", () => {
    const health = {
      issues: [{ code: "Ec2SubnetNotFound" as const, message: "A subnet is gone", resourceIds: ["subnet-1"] }],
    };
    expect(judgeCluster(scene, { ...cluster, health }, supportedFor(100))).toMatchObject({
      state: "problem",
      finding: "EKS says Ec2SubnetNotFound: A subnet is gone (subnet-1)",
    });
  });

  it("is a warning when it runs another version than the recorded one", () => {
    const value = [{ clusterVersion: "1.37", endOfStandardSupportDate: new Date("2027-12-01") }];
    expect(judgeCluster(scene, { ...cluster, version: "1.37" }, { value })).toMatchObject({
      state: "warning",
      finding: "it runs Kubernetes 1.37, but 1.36 is recorded",
    });
  });

  it("is unknown, though active, when its support can't be asked", () => {
    expect(judgeCluster(scene, cluster, { unknown: "AccessDenied" })).toMatchObject({
      state: "unknown",
      finding: "how long Kubernetes 1.36 is supported can't be asked: AccessDenied",
    });
  });
});

describe("the nodes", () => {
  const scene = subject();
  const group = { value: { status: "ACTIVE" as const, scalingConfig: { desiredSize: 2 } } };
  const judge = (nodes: object[], asked: Parameters<typeof judgeNodes>[1] = group) =>
    judgeNodes(scene, asked, { value: kubeObjects(...nodes).nodes });
  const core = (name: string, status = "True") => node("core", status, { name });

  it("are well when as many core nodes are ready as there should be", () => {
    expect(judge([core("a"), core("b"), node("user")])).toEqual({
      state: "ok",
      finding: "2 of 2 core nodes ready, 1 users' node",
      details: { core: 2, coreReady: 2, coreDesired: 2, users: 1 },
    });
  });

  it("are a problem when a core node is missing or not ready", () => {
    expect(judge([core("a")])).toMatchObject({ state: "problem", finding: "1 of 2 core nodes ready" });
    expect(judge([core("a"), core("b", "Unknown")])).toMatchObject({
      state: "problem",
      finding: "1 of 2 core nodes ready; not ready: b (for 20 min)",
    });
  });

  it("are a warning when a user's node is not ready, unless it has just started", () => {
    const user = (age: number) => node("user", "False", { creationTimestamp: minutesAgo(age) });
    expect(judge([core("a"), core("b"), user(30)])).toMatchObject({
      state: "warning",
      finding: "not ready: user-node (for 20 min)",
      todo: "kubectl describe node user-node",
    });
    expect(judge([core("a"), core("b"), user(2)]).state).toBe("ok");
  });

  it("are a problem when EKS can't make instances, even though the cluster can't be asked", () => {
    const health = { issues: [{ code: "InsufficientFreeAddresses" as const, message: "no addresses left" }] };
    const found = judgeNodes(scene, { value: { ...group.value, health } }, { unknown: "no answer" });
    expect(found).toMatchObject({
      state: "problem",
      finding: "node group core: InsufficientFreeAddresses: no addresses left; no answer",
    });
  });

  it("are a problem without their node group", () => {
    expect(judge([core("a"), core("b")], { value: undefined })).toMatchObject({
      state: "problem",
      finding: "there is no group of core nodes",
      todo: install,
    });
  });

  it("are unknown when the cluster can't be asked", () => {
    expect(judgeNodes(scene, group, { unknown: "Unauthorized" })).toEqual({
      state: "unknown",
      finding: "Unauthorized",
    });
  });
});

describe("the add-ons", () => {
  const scene = subject();
  const active = (addonVersion: string) => ({ value: { status: "ACTIVE" as const, addonVersion } });
  const judge = (coredns: Answer<Addon | undefined>) =>
    judgeAddons(
      scene,
      new Map<string, Answer<Addon | undefined>>([
        ["vpc-cni", active("v1.20.4")],
        ["coredns", coredns],
      ]),
    );

  it("are well when they are active in their recorded versions", () => {
    expect(judge(active("v1.13.1"))).toEqual({
      state: "ok",
      finding: "2 add-ons active, versions as recorded",
      details: { versions: { "vpc-cni": "v1.20.4", coredns: "v1.13.1" } },
    });
  });

  it("are a warning in another version", () => {
    expect(judge(active("v1.14.0"))).toMatchObject({
      state: "warning",
      finding: "coredns runs v1.14.0, recorded is v1.13.1",
      todo: install,
    });
  });

  it("are a problem when they are degraded or gone", () => {
    const issues = [{ code: "InsufficientNumberOfReplicas" as const, message: "no replica" }];
    expect(judge({ value: { status: "DEGRADED", addonVersion: "v1.13.1", health: { issues } } })).toMatchObject({
      state: "problem",
      finding: "coredns is DEGRADED (InsufficientNumberOfReplicas: no replica)",
    });
    expect(judge({ value: undefined })).toMatchObject({ state: "problem", finding: "not there: coredns" });
  });

  it("are unknown when they can't be asked", () => {
    expect(judge({ unknown: "AccessDenied" })).toMatchObject({ state: "unknown", finding: "AccessDenied" });
  });
});

describe("Karpenter", () => {
  const metadata = { namespace: "kube-system", labels: { "app.kubernetes.io/name": "karpenter" } };
  const own = (name: string, status = {}) => pod("karpenter", { metadata: { ...metadata, name }, status });
  const conditions = (status: string, message = "") => ({ conditions: [{ type: "Ready", status, message }] });
  const pool = (status = "True", message = "") =>
    object("NodePool", { metadata: { name: "user" }, status: conditions(status, message) });
  const nodeClass = object("EC2NodeClass", { metadata: { name: "default" }, status: conditions("True") });
  const claim = (age: number, launched = "True") =>
    object("NodeClaim", {
      metadata: { name: "user-abc", creationTimestamp: minutesAgo(age) },
      status: { conditions: [{ type: "Launched", status: launched, message: "no capacity" }] },
    });
  const pods = [own("karpenter-1"), own("karpenter-2")];
  const judge = (objects: object[], running = pods) =>
    judgeKarpenter({ now }, kubeObjects(...running).pods, { value: karpenterObjects(...objects) });

  it("is well when its pods, pools and classes are ready", () => {
    expect(judge([pool(), nodeClass])).toMatchObject({
      state: "ok",
      finding: "2 pods ready; 1 node pool, 0 nodes",
      details: { pods: 2, podsReady: 2, nodePools: ["user"], nodeClaims: 0 },
    });
  });

  it("is a problem without a ready pod, a warning with one of two", () => {
    const starting = { phase: "Pending", conditions: [] };
    expect(judge([pool(), nodeClass], [])).toMatchObject({ state: "problem" });
    expect(judge([pool(), nodeClass], [own("karpenter-1", starting)])).toMatchObject({
      state: "problem",
      finding: "karpenter-1 has been starting for 60 min",
    });
    expect(judge([pool(), nodeClass], [pods[0]!, own("karpenter-2", starting)]).state).toBe("warning");
  });

  it("is a problem with a node pool that is not ready, with Karpenter's reason", () => {
    expect(judge([pool("False", "NodeClassNotReady"), nodeClass])).toMatchObject({
      state: "problem",
      finding: "node pool user is not ready: NodeClassNotReady",
      todo: "kubectl describe nodepool user",
    });
    expect(judge([nodeClass])).toMatchObject({ state: "problem" });
  });

  it("lets nodes take their time, and tells of those that hang", () => {
    expect(judge([pool(), nodeClass, claim(5)]).state).toBe("ok");
    expect(judge([pool(), nodeClass, claim(16)])).toMatchObject({
      state: "warning",
      finding: "node user-abc is not registered after 16 min",
    });
  });

  it("tells at once of a node that AWS refuses to start", () => {
    expect(judge([pool(), nodeClass, claim(1, "False")])).toMatchObject({
      state: "warning",
      finding: "node user-abc is not launched after 1 min: no capacity",
    });
  });

  it("is unknown when its objects can't be asked", () => {
    expect(judgeKarpenter({ now }, kubeObjects(...pods).pods, { unknown: "no such resource" })).toMatchObject({
      state: "unknown",
      finding: "no such resource",
    });
  });
});

describe("the releases", () => {
  const scene = subject();
  const { charts } = testedVersions;
  const release = (name: string, namespace: string, chart: string, status = "deployed") => ({
    name,
    namespace,
    revision: "1",
    status,
    chart,
  });
  const others = [
    release("karpenter-crd", "kube-system", `karpenter-crd-${charts["karpenter-crd"]}`),
    release("karpenter", "kube-system", `karpenter-${charts.karpenter}`),
  ];
  const platform = judgeReleases(scene, others).details!["platform"] as { expected: string };
  const rest = [...others, release("platform", "jupyterhub", platform.expected)];
  const hub = `jupyterhub-${scene.lock.charts["jupyterhub"] ?? charts.jupyterhub}`;

  it("are well when all are deployed from the recorded charts", () => {
    expect(judgeReleases(scene, [...rest, release("hub", "jupyterhub", hub)])).toMatchObject({
      state: "ok",
      finding: "4 releases deployed, charts as recorded",
      details: { hub: { expected: hub, running: hub, status: "deployed" } },
    });
  });

  it.each([
    ["gone", [], "problem", "the release hub is not installed"],
    ["in another namespace", [release("hub", "default", hub)], "problem", "the release hub is not installed"],
    ["failed", [release("hub", "jupyterhub", hub, "failed")], "problem", "the last revision of hub is failed"],
    [
      "pending",
      [release("hub", "jupyterhub", hub, "pending-upgrade")],
      "warning",
      "hub is pending-upgrade: Helm is at work, or was killed while it was",
    ],
    [
      "from another chart",
      [release("hub", "jupyterhub", "jupyterhub-3.3.8")],
      "warning",
      `hub runs jupyterhub-3.3.8, expected is ${hub}`,
    ],
  ] as const)("are not well when one is %s", (_, found, state, finding) => {
    expect(judgeReleases(scene, [...rest, ...found])).toMatchObject({ state, finding, todo: install });
  });

  it("include the device plugin where a profile has GPUs", () => {
    const gpu = subject({ profiles: [{ ...gpuProfile }] });
    expect(judgeReleases(gpu, [...rest, release("hub", "jupyterhub", hub)])).toMatchObject({
      state: "problem",
      finding: "the release nvidia-device-plugin is not installed",
    });
  });
});

const gpuProfile = {
  slug: "gpu",
  name: "GPU",
  description: "",
  default: true,
  gpus: 1,
  spot: false,
  instanceTypes: [],
  environment: {},
};
