import { changeRecords, describeRecord } from "../../aws/alias-record.ts";
import { findOwnRecords, type OwnRecords } from "../../aws/route-domain.ts";
import { defineStep, type Checked } from "../../engine/step.ts";
import type { Cleanup } from "./cleanup.ts";

/** While the load balancer is there: by it and by the mark beside them the records are known as this deployment's. */
export const removeAliasRecord = defineStep({
  id: "remove-alias-record",
  title: "Take the domain's record out of its zone",
  async check({ aws, config, id }: Cleanup): Promise<Checked<OwnRecords[]>> {
    const found = await findOwnRecords(aws, { config, id });
    if ("refused" in found) return { done: `Route 53 can't be looked at: ${found.refused}` };
    if (found.length === 0) return { done: "none" };
    return { change: found.flatMap(({ records }) => records.map(describeRecord)).join("; "), plan: found };
  },
  async run({ deployment, signal }: Cleanup, found: OwnRecords[]) {
    for (const { client, zone, records } of found) {
      const comment = `hubctl: cleanup of ${deployment.name}`;
      await changeRecords(client, zone, { remove: records, create: [] }, { signal, comment });
    }
  },
});
