import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { findReleaseLosses, parseObjectAddress } from "../../../src/tools/release-guard.ts";

interface Given {
  kind: string;
  name?: string;
  namespace?: string;
  annotations?: Record<string, string>;
  spec?: Record<string, unknown>;
}

const manifestOf = (...objects: Given[]) =>
  objects
    .map(({ kind, name = "thing", namespace, annotations, spec }) =>
      stringify({
        kind,
        metadata: { name, ...(namespace && { namespace }), ...(annotations && { annotations }) },
        spec,
      }),
    )
    .join("---\n");
const losses = (current: Given[], wanted: Given[]) =>
  findReleaseLosses(manifestOf(...current), manifestOf(...wanted), "jupyterhub").map(
    ({ verb, address, carriesData, forcedBy }) =>
      [verb, address, ...(carriesData ? ["data"] : []), ...forcedBy].join(" "),
  );

const claim = (spec: Record<string, unknown> = {}): Given => ({
  kind: "PersistentVolumeClaim",
  name: "hub-db-dir",
  spec: {
    storageClassName: "gp3",
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "10Gi" } },
    ...spec,
  },
});
const balancer = (annotations: Record<string, string> = {}, spec: Record<string, unknown> = {}): Given => ({
  kind: "Service",
  name: "proxy-public",
  annotations,
  spec: { type: "LoadBalancer", ...spec },
});
const fileSystem = (volumeHandle: string): Given => ({
  kind: "PersistentVolume",
  spec: { persistentVolumeReclaimPolicy: "Retain", csi: { volumeHandle } },
});
const prefix = "service.beta.kubernetes.io/aws-load-balancer-";

describe("what an upgrade of a release takes away", () => {
  it.each([
    ["a claim", claim(), "delete PersistentVolumeClaim/jupyterhub/hub-db-dir data"],
    [
      "a claim on a volume of the file system",
      claim({ volumeName: "home" }),
      "delete PersistentVolumeClaim/jupyterhub/hub-db-dir",
    ],
    ["a load balancer", balancer(), "delete Service/jupyterhub/proxy-public"],
    ["a namespace", { kind: "Namespace" }, "delete Namespace/thing data"],
    [
      "a definition",
      { kind: "CustomResourceDefinition", name: "x.karpenter.sh" },
      "delete CustomResourceDefinition/x.karpenter.sh",
    ],
    ["a volume whose data goes with it", { kind: "PersistentVolume" }, "delete PersistentVolume/thing data"],
  ])("is %s that is not in it any more", (_, object, expected) => {
    expect(losses([object], [])).toEqual([expected]);
    expect(losses([object], [object])).toEqual([]);
    expect(losses([object], [{ ...object, name: "renamed" }])).toEqual([expected]);
  });

  it.each([
    ["class", claim(), claim({ storageClassName: "io2" }), "spec.storageClassName"],
    ["modes", claim(), claim({ accessModes: ["ReadWriteMany"] }), "spec.accessModes"],
    ["type", balancer(), balancer({}, { type: "ClusterIP" }), "spec.type"],
    ["place", fileSystem("fs-1"), fileSystem("fs-2"), "spec.csi"],
    ["scheme", balancer(), balancer({ [`${prefix}internal`]: "true" }), `${prefix}internal`],
    ["kind", balancer({ [`${prefix}type`]: "nlb" }), balancer({ [`${prefix}type`]: "external" }), `${prefix}type`],
  ])("is what gets another %s", (_, current, wanted, forcedBy) => {
    expect(losses([current], [wanted])).toEqual([expect.stringMatching(/^replace /)]);
    expect(losses([current], [wanted])[0]).toContain(forcedBy);
  });

  it("is the claim of a volume that is made anew, too, and first", () => {
    const bound = { ...claim({ volumeName: "thing" }), name: "home" };
    expect(losses([fileSystem("fs-1"), bound], [fileSystem("fs-2"), bound])).toEqual([
      "replace PersistentVolumeClaim/jupyterhub/home",
      "replace PersistentVolume/thing spec.csi",
    ]);
    const elsewhere = { ...claim({ volumeName: "other" }), name: "home" };
    expect(losses([fileSystem("fs-1"), elsewhere], [fileSystem("fs-2"), elsewhere])).toHaveLength(1);
  });

  it("is a class of disks that gets other parameters, but not one whose disks may grow", () => {
    const classOf = (more: object) =>
      stringify({ kind: "StorageClass", metadata: { name: "gp3" }, provisioner: "ebs.csi.aws.com", ...more });
    const found = (current: object, wanted: object) =>
      findReleaseLosses(classOf(current), classOf(wanted), "jupyterhub").map(
        ({ address, why }) => `${address}: ${why ?? ""}`,
      );
    expect(found({ parameters: { type: "gp3" } }, { parameters: { type: "io2" } })).toEqual([
      "StorageClass/gp3: parameters cannot be changed in place",
    ]);
    expect(found({ allowVolumeExpansion: false }, { allowVolumeExpansion: true })).toEqual([]);
  });

  it("is nothing that changes in place, is kept, or is of no such kind", () => {
    const volume = { kind: "PersistentVolume", spec: { persistentVolumeReclaimPolicy: "Retain" } };
    expect(losses([volume], [])).toEqual([]);
    const kept = { ...claim(), annotations: { "helm.sh/resource-policy": "keep" } };
    expect(losses([kept], [])).toEqual([]);
    expect(losses([claim()], [claim({ resources: { requests: { storage: "20Gi" } } })])).toEqual([]);
    const ranges = { loadBalancerSourceRanges: ["192.0.2.0/24"] };
    expect(losses([balancer()], [balancer({ [`${prefix}ssl-cert`]: "arn" }, ranges)])).toEqual([]);
    expect(losses([{ kind: "Service" }, { kind: "Deployment" }, { kind: "ConfigMap" }], [])).toEqual([]);
  });

  it("tells objects of two namespaces apart", () => {
    const elsewhere = { ...claim(), namespace: "other" };
    expect(losses([elsewhere], [claim()])).toEqual(["delete PersistentVolumeClaim/other/hub-db-dir data"]);
    expect(losses([claim()], [{ ...claim(), namespace: "jupyterhub" }])).toEqual([]);
  });

  it("has addresses that kubectl can be told", () => {
    expect(parseObjectAddress("Service/jupyterhub/proxy-public")).toEqual({
      resource: "Service",
      name: "proxy-public",
      namespace: "jupyterhub",
    });
    expect(parseObjectAddress("Namespace/jupyterhub")).toEqual({ resource: "Namespace", name: "jupyterhub" });
  });
});
