import { pollUntil } from "../../engine/poll.ts";
import { hub } from "../../releases/hub.ts";
import { deleteCommand, getCommand, parseNames } from "../../tools/kubectl.ts";
import { findHeld, namingHolders } from "./finalizers.ts";
import { inClusterStep } from "./in-cluster-step.ts";

const claims = { resource: "persistentvolumeclaims", namespace: hub.namespace };

/** Put there by the EBS driver: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md */
const madeForClaim = "kubernetes.io/created-for/pvc/name";

/** While the EBS driver runs: a volume whose claim is deleted later, or never, goes on costing. */
export const removeClaims = inClusterStep({
  id: "remove-claims",
  title: "Remove the hub's volumes",
  async check({ exec }, target) {
    const names = parseNames((await exec(getCommand(target, claims))).stdout);
    return names.length === 0 ? { done: "no claims" } : { change: names.join(", "), plan: undefined };
  },
  async run(cleanup, target, _, report) {
    const { exec, signal } = cleanup;
    // First the claims: one that is going tells a later run that the hub's accounts have been copied.
    await exec(deleteCommand(target, { ...claims, all: true }));
    // A pod keeps its claims as long as it is listed, and those of jobs are even when they have ended.
    await exec(deleteCommand(target, { ...claims, resource: "cronjobs,jobs,pods", all: true }));
    const gone = pollUntil(
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
    await namingHolders(gone, () => findHeld(exec, target, claims));
    await pollUntil(
      async () => {
        const { resources } = await cleanup.takeInventory(["volumes"]);
        const left = resources.filter(({ tags }) => madeForClaim in tags);
        report.progress(left.map(({ id }) => id).join(", "));
        return left.length === 0 ? true : undefined;
      },
      { what: "the volumes to go from AWS", everySeconds: 3, timeoutSeconds: 300, signal },
    );
  },
});
