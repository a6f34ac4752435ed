import type { ObjectChange } from "../engine/object-change.ts";
import type { Meaning } from "./consequences.ts";

const nothing: Meaning = { effect: "none", text: "no effect on the hub and on running servers" };
const serversStop = (why: string): Meaning => ({ effect: "servers-stop", text: `all users' servers stop: ${why}` });
const nodesChange: Meaning = {
  effect: "hub-down",
  text: "the hub is down about 1 minute, while it moves to a new core node; users' servers go on",
};

/** What it means to lose something, by its type. */
const lost: Readonly<Record<string, Meaning>> = {
  aws_eks_cluster: serversStop("the cluster is gone, and made anew if need be"),
  aws_vpc: serversStop("their network is gone"),
  aws_subnet: serversStop("their network is gone"),
  aws_nat_gateway: { effect: "connections-cut", text: "servers can't reach the internet for some minutes" },
  aws_route: { effect: "connections-cut", text: "servers can't reach the internet for some minutes" },
  aws_route_table_association: { effect: "connections-cut", text: "servers can't reach the internet for some minutes" },
  aws_internet_gateway: { effect: "connections-cut", text: "nobody reaches the hub for some minutes" },
  aws_efs_file_system: serversStop("their homes are gone"),
  aws_efs_access_point: serversStop("their folders are mounted anew"),
  aws_efs_mount_target: serversStop("their homes can't be reached"),
  aws_secretsmanager_secret: {
    effect: "hub-down",
    text: "everybody is logged out, and the hub can't read the logins that it kept",
  },
  aws_eks_node_group: nodesChange,
  aws_eks_addon: {
    effect: "new-servers",
    text: "what the add-on does is missing for a while: new servers may not start; running servers go on",
  },
  aws_eks_access_entry: { effect: "connections-cut", text: "who or what the entry let into the cluster is refused" },
  aws_security_group: { effect: "connections-cut", text: "what the group let through is cut for a while" },
  aws_security_group_rule: { effect: "connections-cut", text: "what the rule let through is cut" },
  aws_vpc_security_group_ingress_rule: { effect: "connections-cut", text: "what the rule let through is cut" },
  aws_iam_role: { effect: "connections-cut", text: "what works with the role is refused by AWS for a while" },
};

/** What changes of a resource's attributes mean: the first pattern that one of them fits, else there is no effect. */
const changed: Readonly<Record<string, readonly { attributes: RegExp; meaning: Meaning }[]>> = {
  aws_eks_cluster: [
    {
      attributes: /^version$/,
      meaning: {
        effect: "none",
        text: "the control plane is upgraded, in about 10 minutes; the hub and running servers go on",
      },
    },
    {
      attributes: /^vpc_config\.\d+\.(public_access_cidrs|endpoint_)/,
      meaning: { effect: "none", text: "who reaches the cluster's API changes; the hub and running servers go on" },
    },
  ],
  aws_eks_node_group: [
    { attributes: /^(version|release_version|launch_template|instance_types)/, meaning: nodesChange },
  ],
  aws_eks_addon: [
    {
      attributes: /^(addon_version|configuration_values)$/,
      meaning: { effect: "none", text: "add-ons restart one by one; running servers go on" },
    },
  ],
};

/** What the change of a resource in AWS means for users. */
export function effectOfResource({ action, type, attributes }: ObjectChange): Meaning[] {
  if (action === "replace" || action === "delete") return [lost[type] ?? nothing];
  const rules = changed[type] ?? [];
  const found = rules.filter((rule) => attributes.some(({ path }) => rule.attributes.test(path)));
  return found.length > 0 ? found.map(({ meaning }) => meaning) : [nothing];
}
