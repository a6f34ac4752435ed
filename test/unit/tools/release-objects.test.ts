import { describe, expect, it } from "vitest";
import { findLost } from "../../../src/tools/release-objects.ts";
import { fakeExec } from "../../helpers/fake-exec.ts";

const target = { kubeconfig: "/deployment/kubeconfig", context: "research", release: "hub", namespace: "jupyterhub" };
const manifest = `
kind: Deployment
metadata: { name: hub }
spec: { replicas: 1 }
---
kind: Service
metadata: { name: proxy-public }
spec: { type: LoadBalancer }
---
kind: PersistentVolume
metadata: { name: homes }
spec: { storageClassName: "" }
---
kind: ConfigMap
metadata: { name: hub }
`;

interface Present {
  replicas?: number;
  phase?: string;
  deletionTimestamp?: string;
}

function present(kind: string, name: string, { replicas, phase, deletionTimestamp }: Present = {}) {
  return { kind, metadata: { name, deletionTimestamp }, spec: { replicas }, status: { phase } };
}

const whole = [
  present("Deployment", "hub", { replicas: 1 }),
  present("Service", "proxy-public"),
  present("PersistentVolume", "homes", { phase: "Bound" }),
  present("ConfigMap", "hub"),
];

async function findIn(answer: string, text = manifest) {
  const exec = fakeExec([
    { command: {}, stdout: text },
    { command: { input: text }, stdout: answer },
  ]);
  return await findLost(exec, target);
}

function list(items: readonly unknown[]): string {
  return JSON.stringify({ kind: "List", items });
}

describe("what a release has lost", () => {
  it("is nothing while all of it is there, with replicas or without", async () => {
    expect(await findIn(list(whole))).toEqual([]);
  });

  it.each([
    ["is gone", [whole[0], whole[2], whole[3]], { kind: "Service", name: "proxy-public", trouble: "is gone" }],
    [
      "is being deleted",
      [...whole.slice(0, 3), present("ConfigMap", "hub", { deletionTimestamp: "2026-11-21T10:00:00Z" })],
      { kind: "ConfigMap", name: "hub", trouble: "is being deleted" },
    ],
    [
      "has lost its claim",
      [whole[0], whole[1], present("PersistentVolume", "homes", { phase: "Released" }), whole[3]],
      { kind: "PersistentVolume", name: "homes", trouble: "has lost its claim" },
    ],
    [
      "is stopped",
      [present("Deployment", "hub", { replicas: 0 }), ...whole.slice(1)],
      { kind: "Deployment", name: "hub", trouble: "is stopped", replicas: 1 },
    ],
  ])("tells what %s", async (_, objects, lost) => {
    expect(await findIn(list(objects))).toEqual([lost]);
  });

  it("reads the answer for a single object, and for none", async () => {
    const one = "kind: ConfigMap\nmetadata: { name: hub }\n";
    expect(await findIn(JSON.stringify(whole[3]), one)).toEqual([]);
    expect(await findIn("", one)).toEqual([{ kind: "ConfigMap", name: "hub", trouble: "is gone" }]);
  });
});
