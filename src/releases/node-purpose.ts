/** The label that the hub chart matches nodes by; the core node group and the users' NodePool carry it. */
export const purposeLabel = "hub.jupyter.org/node-purpose";
export const corePurpose = "core";
