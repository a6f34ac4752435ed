import type { Insight } from "@aws-sdk/client-eks";
import { expect, test } from "vitest";
import { judgeReadiness, type ReadinessFacts } from "../../../src/upgrade/kubernetes-readiness.ts";
import { lockOf, offersFor, offersOf } from "./lock.ts";

/** Everything speaks for a move from 1.34 to 1.35. */
function facts(changes: Partial<ReadinessFacts> = {}): ReadinessFacts {
  const addons = { coredns: "v1.13.2-eksbuild.6", "kube-proxy": "v1.35.9-eksbuild.1" };
  return {
    deployment: "dandihub",
    from: "1.34",
    lock: lockOf({ kubernetes: "1.35", addons }),
    offers: offersOf(),
    coreNodes: ["1.34"],
    charts: lockOf().charts,
    insights: [],
    removedApis: [],
    nodes: [{ name: "ip-10-0-1-1", kubelet: "v1.34.8-eks-3a10415" }],
    ...changes,
  };
}

function insight(status: "ERROR" | "WARNING" | "UNKNOWN"): Insight {
  return {
    name: "Kubelet version skew",
    insightStatus: { status, reason: "nodes are old" },
    recommendation: "replace them",
    resources: [{ kubernetesResourceUri: "/api/v1/nodes/ip-10-0-1-1" }],
  };
}

test("nothing speaks against a move for which all is ready", () => {
  expect(judgeReadiness(facts())).toEqual([]);
});

test.each<[string, Partial<ReadinessFacts>, RegExp, RegExp]>([
  [
    "a lock file behind what runs",
    { from: "1.36" },
    /runs Kubernetes 1\.36, and EKS has no way back to 1\.35/,
    /^hubctl update --upgrade kubernetes --deployment dandihub$/,
  ],
  ["a minor that is left out", { from: "1.33" }, /after 1\.33 comes 1\.34, not 1\.35/, /set kubernetes: "1\.33" back/],
  [
    "a Karpenter that does not know it",
    { charts: { karpenter: "1.8.0" } },
    /Karpenter 1\.8\.0 does not know Kubernetes 1\.35/,
    /--upgrade addons/,
  ],
  [
    "an add-on that does not fit",
    { lock: lockOf({ kubernetes: "1.35" }), offers: offersOf({ "1.35": offersFor("1.35") }) },
    /add-on coredns v1\.12\.4-eksbuild\.10 does not fit Kubernetes 1\.35/,
    /v1\.13\.2-eksbuild\.6/,
  ],
  [
    "core nodes that are behind",
    { coreNodes: ["1.33"] },
    /core nodes run 1\.33/,
    /hubctl update --deployment dandihub/,
  ],
  [
    "a user's node that is too old",
    { nodes: [{ name: "ip-10-0-1-9", kubelet: "v1.31.2-eks-1" }] },
    /1 of 1 nodes would be more than 3 minors behind: ip-10-0-1-9 \(v1\.31\.2-eks-1\)/,
    /stop their servers/,
  ],
  [
    "an API that goes",
    { removedApis: [{ resource: "flowschemas", apiVersion: "x/v1beta3", removedIn: "1.35" }] },
    /uses flowschemas in x\/v1beta3, which Kubernetes 1\.35 no longer has/,
    /find what uses it/,
  ],
  ["an insight of EKS", { insights: [insight("ERROR")] }, /"Kubelet version skew": nodes are old/, /replace them/],
])("%s blocks the move, with what to do", (_, changes, text, todo) => {
  const [first] = judgeReadiness(facts(changes)).filter(({ blocks }) => blocks);
  expect(first?.text).toMatch(text);
  expect(first?.todo).toMatch(todo);
});

test("a kubelet that will be three minors behind is allowed", () => {
  expect(judgeReadiness(facts({ nodes: [{ name: "old", kubelet: "v1.32.0-eks-1" }] }))).toEqual([]);
});

test.each(["WARNING", "UNKNOWN"] as const)("an insight that is %s is only said", (status) => {
  expect(judgeReadiness(facts({ insights: [insight(status)] }))).toMatchObject([{ blocks: false }]);
});

test("a version that EKS does not offer, or that was not tested, blocks", () => {
  const lock = lockOf({ kubernetes: "1.37", addons: {} });
  const found = judgeReadiness(facts({ from: "1.36", coreNodes: ["1.36"], lock, nodes: [] }));
  expect(found.map(({ text }) => text)[0]).toMatch(/does not offer Kubernetes 1\.37 \(offered: 1\.36, 1\.35, 1\.34\)/);
  const offers = { ...offersOf(), kubernetes: [{ version: "1.37", support: "standard" as const }] };
  const untested = judgeReadiness(facts({ from: "1.36", coreNodes: ["1.36"], lock, nodes: [], offers }));
  expect(untested).toMatchObject([{ blocks: true, todo: "npm install --global hubctl@latest" }, { blocks: true }]);
});
