import { describe, expect, test, vi } from "vitest";
import type { KubeClient } from "../../../sandbox/kube/client.ts";
import { ConfigProblem, parseQuantity, resolveEnvironment } from "../../../sandbox/kubelet/environment.ts";
import type { Pod } from "../../../sandbox/kubelet/kube-objects.ts";
import type { ManagedNode } from "../../../sandbox/kubelet/nodes.ts";
import { PodState, setRunning, setTerminated } from "../../../sandbox/kubelet/pod-status.ts";
import { equipmentOf } from "../../../sandbox/kubelet/pods.ts";
import { translate } from "../../../sandbox/kubelet/programs.ts";
import { Turns } from "../../../sandbox/kubelet/turns.ts";
import { findVolumeProblem, readEfsHandle } from "../../../sandbox/kubelet/volumes.ts";

function pod(spec: Partial<Pod["spec"]> = {}, labels: Record<string, string> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "kube-system", uid: "u", labels },
    spec: { restartPolicy: "Always", containers: [{ name: "main", image: "i" }], ...spec },
  };
}

/** Answers GETs and lists from a table of paths. */
function kubeWith(objects: Record<string, unknown>): KubeClient {
  return {
    get: (path: string) => Promise.resolve(objects[path]),
    list: (path: string) => Promise.resolve(objects[path] ?? []),
  } as unknown as KubeClient;
}

describe("the environment of a container", () => {
  const kube = kubeWith({
    "/api/v1/namespaces/kube-system/configmaps/settings": { data: { COLOR: "blue" } },
    "/api/v1/namespaces/kube-system/secrets/keys": { data: { token: Buffer.from("s3cret").toString("base64") } },
  });

  test("comes from values, fields, resources, ConfigMaps and Secrets, in order", async () => {
    const container = {
      name: "main",
      image: "i",
      resources: { requests: { cpu: "250m" }, limits: { memory: "1Gi" } },
      envFrom: [{ prefix: "S_", configMapRef: { name: "settings" } }],
      env: [
        { name: "NS", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
        { name: "CPU", valueFrom: { resourceFieldRef: { resource: "requests.cpu", divisor: "1m" } } },
        { name: "MEMORY", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "0" } } },
        { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } },
        { name: "NONE", valueFrom: { secretKeyRef: { name: "gone", key: "token", optional: true } } },
        { name: "WHERE", value: "$(NS)/$(UNKNOWN)/$$(NS)" },
      ],
    };
    expect(await resolveEnvironment(kube, pod(), container)).toEqual({
      S_COLOR: "blue",
      NS: "kube-system",
      CPU: "250",
      MEMORY: String(2 ** 30),
      TOKEN: "s3cret",
      WHERE: "kube-system/$(UNKNOWN)/$(NS)",
    });
  });

  test("is a configuration error when something it names is missing", async () => {
    const container = (name: string, key: string) => ({
      name: "main",
      image: "i",
      env: [{ name: "X", valueFrom: { secretKeyRef: { name, key } } }],
    });
    await expect(resolveEnvironment(kube, pod(), container("gone", "a"))).rejects.toThrow(ConfigProblem);
    await expect(resolveEnvironment(kube, pod(), container("keys", "other"))).rejects.toThrow(
      "couldn't find key other",
    );
  });

  test("reads quantities", () => {
    expect(["1500m", "2", "1Gi", "1M"].map(parseQuantity)).toEqual([1.5, 2, 2 ** 30, 1e6]);
    expect(() => parseQuantity("lots")).toThrow("not a quantity");
  });
});

describe("translation to this machine", () => {
  const translation = {
    paths: [
      ["/var/lib/csi/sockets/", "/w/pods/1/socket-dir"],
      ["/csi", "/w/pods/1/csi"],
    ] as [string, string][],
    ports: new Map([[8080, 41234]]),
  };

  test.each([
    ["unix:///var/lib/csi/sockets/csi.sock", "unix:///w/pods/1/socket-dir/csi.sock"],
    ["--csi-address=/csi/csi.sock", "--csi-address=/w/pods/1/csi/csi.sock"],
    ["/csi", "/w/pods/1/csi"],
    ["/csivolumes", "/csivolumes"],
    ["8080", "41234"],
    ["--listen=:8080", "--listen=:41234"],
    ["18080", "18080"],
  ])("makes %s to %s", (text, expected) => {
    expect(translate(text, translation)).toBe(expected);
  });
});

describe("the status of a pod", () => {
  test("is Pending, Running and ready, Succeeded as its containers go", () => {
    const state = new PodState(pod({ restartPolicy: "Never" }), "10.0.0.5");
    expect(state.toStatus()).toMatchObject({ phase: "Pending", hostIP: "10.0.0.5" });
    const status = state.statusOf("main");
    setRunning(status, "id");
    status.ready = true;
    expect(state.toStatus().phase).toBe("Running");
    expect(state.toStatus().conditions).toContainEqual(expect.objectContaining({ type: "Ready", status: "True" }));
    setTerminated(status, 0);
    expect(state.toStatus().phase).toBe("Succeeded");
    expect(state.toStatus().conditions).toContainEqual(
      expect.objectContaining({ type: "Ready", status: "False", reason: "PodCompleted" }),
    );
  });

  test("is Failed only where nothing restarts the container", () => {
    for (const [restartPolicy, phase] of [
      ["Never", "Failed"],
      ["OnFailure", "Running"],
      ["Always", "Running"],
    ] as const) {
      const state = new PodState(pod({ restartPolicy }), "10.0.0.5");
      setRunning(state.statusOf("main"), "id");
      setTerminated(state.statusOf("main"), 1);
      expect(state.toStatus().phase).toBe(phase);
    }
  });
});

describe("volumes", () => {
  const node = {
    name: "n",
    equipment: { network: true, ebs: true, efs: false, gpu: false, identityAgent: false },
    instance: { vpcId: "vpc-1", zone: "us-east-2a" },
  } as unknown as ManagedNode;
  const dependencies = {
    listInstances: () => Promise.resolve([]),
    addInterface: () => Promise.resolve("10.0.0.200"),
    mayJoin: () => true,
    kubeletVersion: () => undefined,
    podIdentityCredentials: () => Promise.resolve(undefined),
    findMountProblem: vi.fn(() => Promise.resolve(undefined)),
    accessPointRoot: vi.fn(() => Promise.resolve("/home")),
  };
  const claimed = pod({ volumes: [{ name: "data", persistentVolumeClaim: { claimName: "c" } }] });
  const claim = { spec: { volumeName: "pv" }, status: { phase: "Bound" } };
  const claimPath = "/api/v1/namespaces/kube-system/persistentvolumeclaims/c";

  test("wait for what they name", async () => {
    const secret = pod({ volumes: [{ name: "tls", secret: { secretName: "gone" } }] });
    const optional = pod({ volumes: [{ name: "tls", configMap: { name: "gone", optional: true } }] });
    expect(await findVolumeProblem({ kube: kubeWith({}), dependencies }, secret, node)).toContain(
      'secret "gone" not found',
    );
    expect(await findVolumeProblem({ kube: kubeWith({}), dependencies }, optional, node)).toBeUndefined();
  });

  test("of EBS wait for their attachment to this node", async () => {
    const objects = (attached: boolean, nodeName: string) => ({
      [claimPath]: claim,
      "/api/v1/persistentvolumes/pv": { spec: { csi: { driver: "ebs.csi.aws.com", volumeHandle: "vol-1" } } },
      "/apis/storage.k8s.io/v1/volumeattachments": [
        { spec: { nodeName, source: { persistentVolumeName: "pv" } }, status: { attached } },
      ],
    });
    const problem = (attached: boolean, nodeName: string) =>
      findVolumeProblem({ kube: kubeWith(objects(attached, nodeName)), dependencies }, claimed, node);
    expect(await problem(true, "n")).toBeUndefined();
    expect(await problem(false, "n")).toContain("AttachVolume.Attach failed");
    expect(await problem(true, "other")).toContain("AttachVolume.Attach failed");
  });

  test("of EFS need the driver's pod on the node and a usable file system", async () => {
    const kube = kubeWith({
      [claimPath]: claim,
      "/api/v1/persistentvolumes/pv": { spec: { csi: { driver: "efs.csi.aws.com", volumeHandle: "fs-1::fsap-2" } } },
    });
    expect(await findVolumeProblem({ kube, dependencies }, claimed, node)).toContain(
      "not found in the list of registered CSI drivers",
    );
    const equipped = { ...node, equipment: { ...node.equipment, efs: true } };
    expect(await findVolumeProblem({ kube, dependencies }, claimed, equipped)).toBeUndefined();
    expect(dependencies.findMountProblem).toHaveBeenCalledWith({
      fileSystemId: "fs-1",
      accessPointId: "fsap-2",
      vpcId: "vpc-1",
      zone: "us-east-2a",
    });
  });

  test("of EFS are named by handles with and without access point", () => {
    expect(readEfsHandle("fs-1")).toEqual({ fileSystemId: "fs-1", accessPointId: undefined });
    expect(readEfsHandle("fs-1:/homes")).toEqual({ fileSystemId: "fs-1", accessPointId: undefined });
  });
});

test("a node's equipment is what its ready pods in kube-system bring", () => {
  const cni = pod({}, { "k8s-app": "aws-node" });
  const elsewhere = {
    ...pod({}, { app: "ebs-csi-node" }),
    metadata: { ...pod().metadata, namespace: "default", labels: { app: "ebs-csi-node" } },
  };
  expect(equipmentOf([cni, elsewhere])).toEqual({
    network: true,
    ebs: false,
    efs: false,
    identityAgent: false,
    gpu: false,
  });
});

describe("turns", () => {
  test("pass from one to the next, and past one that gave up", async () => {
    const turns = new Turns();
    const order: string[] = [];
    const quitter = new AbortController();
    const pass = await turns.take("key", new AbortController().signal);
    const second = turns.take("key", quitter.signal);
    const third = turns.take("key", new AbortController().signal).then((passOn) => {
      order.push("third");
      passOn();
    });
    quitter.abort();
    await expect(second).rejects.toThrow();
    expect(order).toEqual([]);
    pass();
    await third;
    expect(order).toEqual(["third"]);
  });
});
