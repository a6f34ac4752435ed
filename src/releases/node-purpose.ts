/** The label that the hub chart matches nodes by; the core node group and the users' node pools carry it. */
export const purposeLabel = "hub.jupyter.org/node-purpose";
export const corePurpose = "core";
export const userPurpose = "user";
/** The taint of users' nodes, which the hub chart's users tolerate. */
export const dedicatedTaint = "hub.jupyter.org/dedicated";
/** Label and taint of the nodes that only servers of one profile run on. */
export const profileLabel = "hub.jupyter.org/profile";
/** Taint of nodes with GPUs, and the resource that the device plugin offers there. */
export const gpuResource = "nvidia.com/gpu";
/** Label of nodes with GPUs, which the device plugin's chart looks for. */
export const gpuLabel = "nvidia.com/gpu.present";
