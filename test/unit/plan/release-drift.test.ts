import { describe, expect, it } from "vitest";
import { countServers } from "../../../src/plan/running-servers.ts";
import { findReleaseDrift } from "../../../src/plan/release-drift.ts";
import { CommandError, type Command, type Exec } from "../../../src/tools/exec.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const target = { kubeconfig: "/k", context: "c" };
const { config } = releaseInputs();

function failing(command: Command, output: string): CommandError {
  return new CommandError(command.file, { command, line: "", exitStatus: 1, signal: undefined, output });
}

interface Listed {
  items: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } }[];
}

/** Helm with a manifest for each release, and a cluster that knows some kinds. */
function cluster(manifests: Record<string, object[]>, live: object[], unknownKinds: string[] = []) {
  const asked: Listed[] = [];
  const exec: Exec = (command) => {
    const answer = (stdout: string) => Promise.resolve({ stdout, stderr: "", exitCode: 0 });
    if (command.file === "helm") {
      const objects = manifests[command.args[2] ?? ""];
      if (!objects) return Promise.reject(failing(command, "Error: release: not found"));
      return answer(objects.map((object) => `---\n${JSON.stringify(object)}\n`).join(""));
    }
    const list = JSON.parse(command.input ?? "") as Listed;
    asked.push(list);
    const unknown = list.items.filter(({ kind }) => unknownKinds.includes(kind));
    if (unknown.length > 0) {
      const words = unknown.map(({ kind, apiVersion }) => `no matches for kind "${kind}" in version "${apiVersion}"`);
      return Promise.reject(failing(command, `error: unable to recognize: ${words.join("\n")}`));
    }
    return answer(JSON.stringify({ kind: "List", items: live }));
  };
  return { exec, asked };
}

const pool = {
  apiVersion: "karpenter.sh/v1",
  kind: "NodePool",
  metadata: { name: "user" },
  spec: { limits: { cpu: "9" } },
};
const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "hub" },
  stringData: { token: "very-secret" },
};

describe("findReleaseDrift", () => {
  it("asks for all objects at once, by name alone, and tells by step what has changed", async () => {
    const live = [
      { ...pool, spec: { limits: { cpu: "90" } } },
      { ...secret, metadata: { name: "hub", namespace: "jupyterhub" } },
    ];
    const { exec, asked } = cluster({ platform: [pool], hub: [secret] }, live);
    const found = await findReleaseDrift(exec, target, config);
    expect(found.get("platform")).toMatchObject([
      { what: "NodePool/user", attributes: [{ path: "spec.limits.cpu", before: "9", after: "90" }] },
    ]);
    expect(found.get("hub")).toEqual([]);
    expect(found.get("karpenter")).toEqual([]);
    expect(asked).toEqual([
      {
        apiVersion: "v1",
        kind: "List",
        items: [
          { apiVersion: "karpenter.sh/v1", kind: "NodePool", metadata: { name: "user" } },
          { apiVersion: "v1", kind: "Secret", metadata: { name: "hub", namespace: "jupyterhub" } },
        ],
      },
    ]);
  });

  it("tells that all of a kind is gone when the cluster has forgotten the kind", async () => {
    const live = [{ ...secret, metadata: { name: "hub", namespace: "jupyterhub" } }];
    const { exec } = cluster({ platform: [pool], hub: [secret] }, live, ["NodePool"]);
    const found = await findReleaseDrift(exec, target, config);
    expect(found.get("platform")).toMatchObject([{ what: "NodePool/user", kind: "gone" }]);
    expect(found.get("hub")).toEqual([]);
  });

  it("asks nothing of the cluster when there is no release", async () => {
    const { exec, asked } = cluster({}, []);
    const found = await findReleaseDrift(exec, target, config);
    expect([...found.values()].flat()).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("hands on what else went wrong", async () => {
    const refused: Exec = (command) => Promise.reject(failing(command, "Error: forbidden"));
    await expect(findReleaseDrift(refused, target, config)).rejects.toThrow(CommandError);
  });
});

describe("countServers", () => {
  const pod = (name: string, username?: string, deletionTimestamp?: string) => ({
    metadata: { name, labels: username ? { "hub.jupyter.org/username": username } : {}, deletionTimestamp },
  });

  it("counts servers and users, without those that are ending or have ended", async () => {
    const items = [
      { ...pod("a", "ann"), status: { phase: "Running" } },
      pod("a--named", "ann"),
      pod("b", "bob"),
      pod("c", "cyd", "2026-11-21T00:00:00Z"),
      { ...pod("d", "dan"), status: { phase: "Failed" } },
    ];
    const exec: Exec = () => Promise.resolve({ stdout: JSON.stringify({ items }), stderr: "", exitCode: 0 });
    await expect(countServers(exec, target)).resolves.toEqual({ servers: 3, users: 2 });
  });

  it("takes kubectl's silence for none", async () => {
    const exec: Exec = () => Promise.resolve({ stdout: "", stderr: "", exitCode: 0 });
    await expect(countServers(exec, target)).resolves.toEqual({ servers: 0, users: 0 });
  });
});
