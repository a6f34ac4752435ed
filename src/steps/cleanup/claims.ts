import { pollUntil } from "../../engine/poll.ts";
import { hub } from "../../releases/hub.ts";
import { deleteCommand, getCommand, parseNames } from "../../tools/kubectl.ts";
import { inClusterStep } from "./in-cluster-step.ts";

const claims = { resource: "persistentvolumeclaims", namespace: hub.namespace };

/** While the EBS driver runs: a volume whose claim is deleted later, or never, goes on costing. */
export const removeClaims = inClusterStep({
  id: "remove-claims",
  title: "Remove the hub's volumes",
  async check({ exec }, target) {
    const names = parseNames((await exec(getCommand(target, claims))).stdout);
    return names.length === 0 ? { done: "no claims" } : { change: names.join(", "), plan: undefined };
  },
  async run({ exec, signal }, target, _, report) {
    await exec(deleteCommand(target, { ...claims, all: true }));
    await pollUntil(
      async () => {
        const volumes = parseNames((await exec(getCommand(target, { resource: "persistentvolumes" }))).stdout);
        const left = parseNames((await exec(getCommand(target, claims))).stdout);
        // Volumes of the file system are the platform release's, and stay until that is uninstalled.
        const disks = volumes.filter((name) => name.startsWith("pvc-"));
        report.progress([...left, ...disks].join(", "));
        return left.length + disks.length === 0 ? true : undefined;
      },
      { what: "the hub's volumes to go", everySeconds: 3, timeoutSeconds: 600, signal },
    );
  },
});
