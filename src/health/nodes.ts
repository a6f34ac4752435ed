import type { Nodegroup } from "@aws-sdk/client-eks";
import { describeCoreNodeGroups } from "../aws/core-node-group.ts";
import { corePurpose, purposeLabel } from "../releases/node-purpose.ts";
import { formatAge, minutesSince } from "./age.ts";
import { condition, isTrue, type Node } from "./kube-objects.ts";
import { conclude, countOf, nameSome, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

export async function checkNodes(scene: Scene): Promise<Finding> {
  const group = settle(askCoreGroup(scene));
  const nodes = settle(scene.objects.then(({ nodes }) => nodes));
  await scene.ownCluster;
  return judgeNodes(scene, await group, await nodes);
}

/** While one replaces the other there are two; the newer one is to stay. */
async function askCoreGroup({ aws, config }: Scene): Promise<Nodegroup | undefined> {
  return (await describeCoreNodeGroups(aws, config.name))[0];
}

/** A node that has just started is not ready, and nothing is wrong with it. */
const startMinutes = 5;

export function judgeNodes(
  scene: Pick<Scene, "now" | "deployment">,
  group: Answer<Nodegroup | undefined>,
  nodes: Answer<Node[]>,
): Finding {
  const remarks = groupRemarks(group, installAgain(scene));
  if ("unknown" in nodes) return conclude("", [...remarks, { state: "unknown", text: nodes.unknown }]);

  const core = nodes.value.filter(({ metadata }) => metadata.labels[purposeLabel] === corePurpose);
  const others = nodes.value.filter((node) => !core.includes(node));
  const coreReady = core.filter((node) => isTrue(node, "Ready")).length;
  const desired = "value" in group ? (group.value?.scalingConfig?.desiredSize ?? core.length) : core.length;
  if (coreReady < desired) {
    const text = `${coreReady} of ${countOf(desired, "core node")} ready`;
    const todo = "kubectl get nodes --output wide; EC2 replaces an instance that its node group finds unhealthy";
    remarks.push({ state: "problem", text, todo });
  }
  remarks.push(...notReady(nodes.value, scene.now));
  const good = `${coreReady} of ${countOf(desired, "core node")} ready, ${countOf(others.length, "users' node")}`;
  return conclude(good, remarks, { core: core.length, coreReady, coreDesired: desired, users: others.length });
}

function groupRemarks(group: Answer<Nodegroup | undefined>, install: string): Remark[] {
  if ("unknown" in group) {
    return [{ state: "unknown", text: `the core node group can't be asked: ${group.unknown}` }];
  }
  if (!group.value) return [{ state: "problem", text: "there is no group of core nodes", todo: install }];
  const { nodegroupName: name = "core", status = "UNKNOWN", health } = group.value;
  const issues = (health?.issues ?? []).map(({ code = "?", message = "" }): Remark => {
    const todo = "https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html says what to do about it";
    return { state: "problem", text: `node group ${name}: ${code}: ${message}`, todo };
  });
  if (status === "ACTIVE") return issues;
  if (status === "CREATING" || status === "UPDATING") {
    return [
      ...issues,
      { state: "warning", text: `the node group ${name} is ${status}`, todo: "wait, then look again" },
    ];
  }
  return [...issues, { state: "problem", text: `EKS says that the node group ${name} is ${status}`, todo: install }];
}

function notReady(nodes: readonly Node[], now: Date): Remark[] {
  const late = nodes.filter(
    (node) =>
      !isTrue(node, "Ready") &&
      node.metadata.deletionTimestamp === undefined &&
      minutesSince(node.metadata.creationTimestamp, now) > startMinutes,
  );
  const [first] = late;
  if (first === undefined) return [];
  const names = nameSome(late.map((node) => describeNode(node, now)));
  return [{ state: "warning", text: `not ready: ${names}`, todo: `kubectl describe node ${first.metadata.name}` }];
}

function describeNode(node: Node, now: Date): string {
  const since = condition(node, "Ready")?.lastTransitionTime;
  return since ? `${node.metadata.name} (for ${formatAge(since, now)})` : node.metadata.name;
}
