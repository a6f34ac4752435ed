import { DescribeClusterCommand } from "@aws-sdk/client-eks";
import { DescribeLoadBalancersCommand, DescribeTargetGroupsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { asCleanup } from "../../../src/steps/cleanup/cleanup.ts";
import { removeNamespaces } from "../../../src/steps/cleanup/namespaces.ts";
import { removeUserNodes } from "../../../src/steps/cleanup/user-nodes.ts";
import { CommandError, type Command, type Exec } from "../../../src/tools/exec.ts";
import { fakeInstallation, mockAws } from "../../helpers/installation.ts";

// Between two looks nothing is waited for.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const id = "3f1c9a5200000000";
const aws = mockAws();

interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; finalizers: string[]; deletionTimestamp?: string };
}

/** A cluster in which what is deleted stays until nothing holds it. */
function fakeCluster(objects: Map<string, KubeObject>, { readyKarpenter = false } = {}) {
  const patches: string[] = [];
  const goIfFree = (key: string): void => {
    const { metadata } = objects.get(key) ?? {};
    if (metadata?.deletionTimestamp !== undefined && metadata.finalizers.length === 0) objects.delete(key);
  };
  const remove = (key: string): void => {
    const object = objects.get(key);
    if (object) object.metadata.deletionTimestamp = "2026-11-21T08:00:00Z";
    goIfFree(key);
  };
  const answer = ({ args: [verb = "", resource = "", name = "", ...rest] }: Command): string => {
    if (resource === "--raw") return "ok";
    if (verb === "api-resources") return "services\nevents\npersistentvolumeclaims\n";
    if (verb === "patch") {
      const key = [...objects.keys()].find((candidate) => candidate.endsWith(`/${name}`)) ?? "";
      const [test, replace] = JSON.parse(rest[rest.indexOf("--patch") + 1] ?? "[]") as { value: string[] }[];
      const { metadata } = objects.get(key)!;
      expect(test?.value).toEqual(metadata.finalizers);
      metadata.finalizers = replace?.value ?? [];
      patches.push(`${resource}/${name}`);
      goIfFree(key);
      return "";
    }
    if (verb === "delete") {
      for (const key of [...objects.keys()])
        if (resource === "namespace" || key.startsWith(`${resource}/`)) remove(key);
      return "";
    }
    if (resource === "customresourcedefinitions") return "{}";
    if (resource === "deployment") return readyKarpenter ? JSON.stringify({ status: { readyReplicas: 1 } }) : "";
    // A namespace is there as long as anything is in it.
    if (resource === "namespace") return objects.size > 0 ? "{}" : "";
    const wanted = resource.split(",");
    const items = [...objects].flatMap(([key, object]) => (wanted.includes(key.split("/")[0] ?? "") ? [object] : []));
    return JSON.stringify({ items });
  };
  const exec: Exec = (command) => {
    try {
      return Promise.resolve({ stdout: answer(command), stderr: "", exitCode: 0 });
    } catch (error) {
      return Promise.reject(error instanceof CommandError ? error : (error as Error));
    }
  };
  const context = asCleanup(Object.assign(fakeInstallation(), { exec }), { data: "keep", id });
  return { context, patches, objects };
}

function object(kind: string, name: string, finalizers: string[], group = "v1"): KubeObject {
  return { apiVersion: group, kind, metadata: { name, finalizers } };
}

async function run(step: typeof removeNamespaces, context: ReturnType<typeof fakeCluster>["context"]) {
  const found = await step.check(context);
  if (!("change" in found)) throw new Error(`nothing to do: ${JSON.stringify(found)}`);
  const notes: string[] = [];
  await step.run(context, found.plan, { progress: () => undefined, note: (line) => void notes.push(line) });
  return notes;
}

beforeEach(() => {
  aws.eks.on(DescribeClusterCommand).resolves({ cluster: { status: "ACTIVE", tags: { "hubctl:id": id } } });
  aws.elb.on(DescribeLoadBalancersCommand).resolves({}).on(DescribeTargetGroupsCommand).resolves({});
});

describe("a namespace that is stuck", () => {
  const cleanupFinalizer = "service.kubernetes.io/load-balancer-cleanup";

  it("is set free when AWS says that the load balancer is gone", async () => {
    const services = new Map([["services/proxy-public", object("Service", "proxy-public", [cleanupFinalizer])]]);
    const { context, patches } = fakeCluster(services);
    expect(await run(removeNamespaces, context)).toEqual([
      `service/proxy-public: ${cleanupFinalizer} taken away, as AWS says that the load balancer is gone`,
    ]);
    expect(patches).toEqual(["service/proxy-public"]);
  });

  it("is told of, with object and finalizer, where nobody knows whether it is safe", async () => {
    const stuck = new Map([
      ["persistentvolumeclaims/home", object("PersistentVolumeClaim", "home", ["kubernetes.io/pvc-protection"])],
      ["services/other", object("Service", "other", ["example.org/hold"])],
    ]);
    const { context, patches } = fakeCluster(stuck);
    const failed = run(removeNamespaces, context);
    await expect(failed).rejects.toMatchObject({
      code: "NamespaceStuck",
      output: expect.stringMatching(
        /home: kubernetes\.io\/pvc-protection \(a pod still uses it.*\n.*other: example\.org\/hold \(hubctl does not know/,
      ) as string,
    });
    expect(patches).toEqual([]);
  });
});

describe("users' nodes", () => {
  const claims = () =>
    new Map([
      [
        "nodeclaims.karpenter.sh/users-x7",
        object("NodeClaim", "users-x7", ["karpenter.sh/termination"], "karpenter.sh/v1"),
      ],
    ]);

  it("are let go when Karpenter is gone", async () => {
    const { context, patches } = fakeCluster(claims());
    const [note] = await run(removeUserNodes, context);
    expect(note).toContain("nodeclaim/users-x7: karpenter.sh/termination taken away, as Karpenter is gone");
    expect(patches).toEqual(["nodeclaim.v1.karpenter.sh/users-x7"]);
  });

  it("are left to Karpenter while it runs, and named when that takes too long", async () => {
    const { context, patches } = fakeCluster(claims(), { readyKarpenter: true });
    await expect(run(removeUserNodes, context)).rejects.toMatchObject({
      code: "WaitedTooLong",
      output: expect.stringContaining("users-x7: karpenter.sh/termination (Karpenter takes it away") as string,
    });
    expect(patches).toEqual([]);
  });
});
