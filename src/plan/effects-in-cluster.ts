import type { ObjectChange } from "../engine/object-change.ts";
import type { Meaning } from "./consequences.ts";

const nothing: Meaning = { effect: "none", text: "no effect on the hub and on running servers" };
const hubRestarts: Meaning = {
  effect: "hub-down",
  text: "the hub is down about 1 minute; users' servers go on",
};
const proxyRestarts: Meaning = {
  effect: "connections-cut",
  text: "users' connections are cut for some seconds; their servers go on",
};
const newNodes: Meaning = {
  effect: "new-nodes",
  text: "new nodes only: a node with running servers is replaced when it is empty",
};
const newServers: Meaning = {
  effect: "new-servers",
  text: "new servers only: running servers stay as they are until they are started again",
};
const karpenterRestarts: Meaning = {
  effect: "none",
  text: "no new nodes for about a minute; running servers go on",
};
const poolGoes: Meaning = {
  effect: "servers-stop",
  text: "users' servers on the nodes of a pool stop: with the pool go its nodes",
};
const addressChanges: Meaning = {
  effect: "connections-cut",
  text: "the hub gets another load balancer: nobody reaches it until the domain leads there, some minutes",
};
const rangesChange: Meaning = {
  effect: "connections-cut",
  text: "who reaches the hub changes: others are cut off; running servers go on",
};
const namespaceGoes: Meaning = {
  effect: "servers-stop",
  text: "users' servers stop: with the namespace goes all that is in it",
};
const noMount: Meaning = {
  effect: "servers-stop",
  text: "users' servers stop: their folders are mounted anew",
};

/** Of which only the pod's own definition starts pods anew. */
const workloads = ["Deployment", "StatefulSet", "DaemonSet"];

/** In the secret with all of the hub's settings: those of the servers that it starts. */
const serverSettings = /^data\.values\.yaml\.(singleuser|custom|hub\.(extra|config\.KubeSpawner))/;

/** What the change of an object in the cluster means for users. */
export function effectOfObject({ type, what, action, attributes }: ObjectChange): Meaning[] {
  const name = what.split("/").at(-1) ?? "";
  const isGoing = action === "delete" || action === "replace";
  if (workloads.includes(type)) {
    const restarts = isGoing || attributes.some(({ path }) => /^spec\.(template|replicas)/.test(path));
    return restarts ? [effectOfRestart(name)] : [nothing];
  }
  switch (type) {
    case "NodePool":
      return [isGoing ? poolGoes : newNodes];
    case "EC2NodeClass":
      return [newNodes];
    case "CustomResourceDefinition":
      return [isGoing ? poolGoes : nothing];
    case "Service":
      return [effectOfService(name, isGoing, attributes)];
    case "PersistentVolume":
    case "PersistentVolumeClaim":
      return [isGoing ? noMount : nothing];
    case "Namespace":
      return [isGoing ? namespaceGoes : nothing];
    case "Secret":
      return [attributes.some(({ path }) => serverSettings.test(path)) ? newServers : nothing];
    default:
      return [nothing];
  }
}

function effectOfService(name: string, isGoing: boolean, attributes: ObjectChange["attributes"]): Meaning {
  if (name !== "proxy-public") return nothing;
  if (isGoing) return addressChanges;
  return attributes.some(({ path }) => path.startsWith("spec.loadBalancerSourceRanges")) ? rangesChange : nothing;
}

function effectOfRestart(name: string): Meaning {
  if (name === "hub") return hubRestarts;
  if (name === "proxy" || name === "autohttps") return proxyRestarts;
  return name === "karpenter" ? karpenterRestarts : nothing;
}
