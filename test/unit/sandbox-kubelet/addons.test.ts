import { expect, test } from "vitest";
import { addonNames, addonObjects, addonReady } from "../../../sandbox/eks-side/addons.ts";
import type { KubeClient } from "../../../sandbox/kube/client.ts";
import type { ControlPlane } from "../../../sandbox/kube/types.ts";

interface AnyObject {
  kind: string;
  metadata: { name: string; namespace?: string };
  provisioner?: string;
  spec?: {
    replicas?: number;
    clusterIP?: string;
    template?: {
      spec: { serviceAccountName: string; tolerations: object[]; containers: { name: string; args?: string[] }[] };
    };
  };
}

const objectsOf = (name: string, configuration: unknown = {}) =>
  addonObjects(name, "v1.0.0-eksbuild.1", configuration, { dnsAddress: "172.20.0.10" }) as AnyObject[];
const find = (objects: AnyObject[], kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

test("every add-on has objects with names of their own, and service accounts that exist", () => {
  for (const name of addonNames) {
    const objects = objectsOf(name);
    const keys = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { spec } of objects) {
      if (spec?.template) expect(keys).toContain(`ServiceAccount/${spec.template.spec.serviceAccountName}`);
    }
  }
});

test("DaemonSets tolerate every taint, Deployments do not", () => {
  for (const { kind, spec } of addonNames.flatMap((name) => objectsOf(name))) {
    if (spec?.template === undefined) continue;
    const toleratesAll = JSON.stringify(spec.template.spec.tolerations) === '[{"operator":"Exists"}]';
    expect(toleratesAll).toBe(kind === "DaemonSet");
  }
});

test("kube-dns has the address that nodes are told", () => {
  expect(find(objectsOf("coredns"), "Service", "kube-dns")?.spec?.clusterIP).toBe("172.20.0.10");
});

test("configuration values reach the objects", () => {
  expect(find(objectsOf("coredns", { replicaCount: 1 }), "Deployment", "coredns")?.spec?.replicas).toBe(1);
  const objects = objectsOf("aws-ebs-csi-driver", {
    defaultStorageClass: { enabled: true },
    controller: { replicaCount: 1, extraVolumeTags: { "hubctl:id": "abc", team: "x" } },
  });
  expect(find(objects, "StorageClass", "ebs-csi-default-sc")?.provisioner).toBe("ebs.csi.aws.com");
  const controller = find(objects, "Deployment", "ebs-csi-controller")?.spec;
  expect(controller?.replicas).toBe(1);
  expect(controller?.template?.spec.containers[0]?.args).toContain("--extra-tags=hubctl:id=abc,team=x");
  expect(find(objectsOf("aws-ebs-csi-driver"), "StorageClass", "ebs-csi-default-sc")).toBeUndefined();
});

test("an add-on that the sandbox does not know is an error", () => {
  expect(() => objectsOf("amazon-guardduty-agent")).toThrow("no add-on amazon-guardduty-agent");
});

test("an add-on is ready when all its wanted pods are available", async () => {
  const readinessWith = async (status: object) => {
    const kube = {
      pathOf: (object: { kind: string }) => Promise.resolve(object.kind),
      get: (path: string) =>
        Promise.resolve(
          path.endsWith("/services/kubernetes")
            ? { spec: { clusterIP: "10.100.0.1" } }
            : { kind: "Deployment", metadata: { name: "coredns", generation: 1 }, spec: { replicas: 2 }, status },
        ),
    } as unknown as KubeClient;
    const plane = { cluster: "demo", kube } as unknown as ControlPlane;
    return await addonReady(plane, { name: "coredns", version: "v1", configuration: undefined });
  };
  expect(await readinessWith({ observedGeneration: 1, updatedReplicas: 2, availableReplicas: 1 })).toEqual({
    ready: false,
    reason: "deployment coredns has 1 of 2 pods available",
  });
  expect(await readinessWith({ observedGeneration: 1, updatedReplicas: 2, availableReplicas: 2 })).toEqual({
    ready: true,
  });
  expect(await readinessWith({})).toMatchObject({ ready: false });
});
