import { clusterCreation, nodeGroupCreation, type CreationState } from "../aws/creation-state.ts";
import { pollUntil } from "../engine/poll.ts";
import { preciousTainted } from "../tools/plan-guard.ts";
import type { PlanSummary, ResourceChange } from "../tools/terraform-plan.ts";
import type { Installation } from "./installation.ts";

/**
 * Terraform taints what it was creating when it was interrupted or when the creation failed, and would replace it.
 * What AWS has finished meanwhile is kept instead; what AWS says has failed may be replaced, nobody has ever used it.
 */
export async function sortTainted(
  installation: Installation,
  plan: PlanSummary,
): Promise<{ keep: string[]; failed: Set<string> }> {
  const tainted = preciousTainted(plan);
  const states = await Promise.all(tainted.map((change) => awaitCreation(installation, change)));
  const addresses = (wanted: CreationState) =>
    tainted.filter((_, index) => states[index] === wanted).map(({ address }) => address);
  return { keep: addresses("ended"), failed: new Set(addresses("failed")) };
}

async function awaitCreation(installation: Installation, { type, address }: ResourceChange): Promise<CreationState> {
  const ask = creationOf(installation, type);
  let isNoted = false;
  return pollUntil(
    async () => {
      const state = await ask();
      if (state !== "under way") return state;
      if (!isNoted) installation.note(`waiting for ${address}, which an interrupted run began to create`);
      isNoted = true;
      return undefined;
    },
    { what: address, everySeconds: 10, timeoutSeconds: 1800, signal: installation.signal },
  );
}

function creationOf({ aws, config }: Installation, type: string): () => Promise<CreationState> {
  if (type === "aws_eks_cluster") return () => clusterCreation(aws, config.name);
  if (type === "aws_eks_node_group") return () => nodeGroupCreation(aws, config.name);
  // VPCs, subnets, file systems and the like exist once AWS has given them an id.
  return () => Promise.resolve("ended");
}
