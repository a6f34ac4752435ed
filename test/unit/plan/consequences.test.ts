import { describe, expect, it } from "vitest";
import type { ObjectChange } from "../../../src/engine/object-change.ts";
import { describeServers, findConsequences } from "../../../src/plan/consequences.ts";

function change(action: ObjectChange["action"], what: string, ...paths: string[]): ObjectChange {
  const type = what.split(/[./]/)[0] ?? "";
  return { action, type, what, attributes: paths.map((path) => ({ path, before: 1, after: 2 })), forcedBy: [] };
}

const servers = { servers: 3, users: 2 };
const of = (...changes: ObjectChange[]) => findConsequences(changes, { servers, emptied: [] });

describe("what changes mean", () => {
  it.each([
    [
      change("replace", "aws_eks_cluster.this"),
      "servers-stop",
      /all users' servers stop.*3 servers of 2 users run now/,
    ],
    [change("delete", "aws_vpc.this[0]"), "servers-stop", /network is gone/],
    [change("replace", 'aws_efs_access_point.folders["home"]'), "servers-stop", /mounted anew/],
    [change("change", "aws_eks_cluster.this", "version"), "none", /control plane is upgraded/],
    [change("change", "aws_eks_cluster.this", "tags.a"), "none", /no effect/],
    [change("change", "aws_eks_node_group.core", "release_version"), "hub-down", /hub is down about 1 minute/],
    [change("replace", "aws_eks_node_group.core"), "hub-down", /users' servers go on/],
    [change("change", "aws_eks_node_group.core", "scaling_config.0.max_size"), "none", /no effect/],
    [change("delete", "aws_route.nat"), "connections-cut", /can't reach the internet/],
    [change("change", "aws_eks_addon.coredns", "addon_version"), "none", /add-ons restart/],
    [change("change", "aws_vpc.this[0]", "tags.Owner"), "none", /no effect/],
    [change("change", "NodePool/user", "spec.limits.cpu"), "new-nodes", /new nodes only/],
    [change("change", "EC2NodeClass/default", "spec.amiSelectorTerms"), "new-nodes", /when it is empty/],
    [change("delete", "NodePool/user-gpu"), "servers-stop", /with the pool go its nodes/],
    [change("delete", "CustomResourceDefinition/nodepools.karpenter.sh"), "servers-stop", /pool/],
    [change("change", "CustomResourceDefinition/nodepools.karpenter.sh", "spec.versions"), "none", /no effect/],
    [change("change", "Deployment/jupyterhub/hub", "spec.template.spec.containers[hub].image"), "hub-down", /1 minute/],
    [change("change", "Deployment/jupyterhub/hub", "metadata.labels.a"), "none", /no effect/],
    [change("change", "Deployment/jupyterhub/proxy", "spec.template.x"), "connections-cut", /some seconds/],
    [change("change", "Deployment/kube-system/karpenter", "spec.template.x"), "none", /no new nodes for/],
    [change("replace", "Service/jupyterhub/proxy-public"), "connections-cut", /another load balancer/],
    [change("change", "Service/jupyterhub/proxy-public", "metadata.annotations.a"), "none", /no effect/],
    [
      change("change", "Service/jupyterhub/proxy-public", "spec.loadBalancerSourceRanges"),
      "connections-cut",
      /others are cut off/,
    ],
    [change("delete", "PersistentVolumeClaim/jupyterhub/home"), "servers-stop", /mounted anew/],
    [change("delete", "Namespace/jupyterhub"), "servers-stop", /all that is in it/],
    [change("delete", "aws_eks_addon.efs_csi"), "new-servers", /new servers may not start/],
    [change("replace", "aws_eks_access_entry.user_node"), "connections-cut", /refused/],
    [
      change("change", "Secret/jupyterhub/hub", "data.values.yaml.singleuser.image.tag"),
      "new-servers",
      /new servers only/,
    ],
    [change("change", "Secret/jupyterhub/hub", "data.values.yaml.cull.timeout"), "none", /no effect/],
  ])("%o", (given, effect, text) => {
    const [first] = of(given);
    expect(first).toMatchObject({ effect, because: [given.what] });
    expect(first?.text).toMatch(text);
  });

  it("tell the gravest first, the same only once, and no effect only if there is no other", () => {
    const found = of(
      change("change", "aws_vpc.this[0]", "tags.a"),
      change("change", "NodePool/a", "spec"),
      change("change", "NodePool/b", "spec"),
      change("delete", "aws_eks_cluster.this"),
    );
    expect(found.map(({ effect, because }) => [effect, because])).toEqual([
      ["servers-stop", ["aws_eks_cluster.this"]],
      ["new-nodes", ["NodePool/a", "NodePool/b"]],
    ]);
  });

  it("say that data is lost before all else", () => {
    const lost = change("replace", "aws_efs_file_system.homes");
    const found = findConsequences([lost], { servers, emptied: [lost.what] });
    expect(found.map(({ effect }) => effect)).toEqual(["data-lost", "servers-stop"]);
  });

  it("say so also of what is lost without being among the changes", () => {
    const found = findConsequences([], { servers, emptied: ["PersistentVolumeClaim/jupyterhub/hub-db-dir"] });
    expect(found).toMatchObject([{ effect: "data-lost", because: ["PersistentVolumeClaim/jupyterhub/hub-db-dir"] }]);
  });

  it("are none of what is only created, and of nothing", () => {
    expect(of(change("create", "aws_eks_cluster.this"), change("create", "Deployment/jupyterhub/hub"))).toEqual([]);
    expect(of()).toEqual([]);
  });

  it("count servers in words", () => {
    expect(describeServers({ servers: 0, users: 0 })).toBe("no server runs");
    expect(describeServers({ servers: 1, users: 1 })).toBe("1 server of 1 user runs");
    expect(describeServers({ servers: 4, users: 3 })).toBe("4 servers of 3 users run");
  });
});
