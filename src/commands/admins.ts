import { existsInIam, readRoster } from "../admins/cluster.ts";
import { isSamePrincipal } from "../admins/principal.ts";
import { createOutput } from "../ui/output.ts";
import { inCluster, type ClusterOptions } from "./admin-cluster.ts";
import { describeWays, formatGaps, waysToJson, type ListedWay } from "./admins-screens.ts";

export interface AdminsOptions extends ClusterOptions {
  json: boolean;
  debug?: boolean;
}

/** Lists who can get into a cluster, how, and what counts for nothing. */
export async function admins(options: AdminsOptions): Promise<void> {
  const output = createOutput({ debug: options.debug ?? false, json: options.json });
  await inCluster(options, async ({ cluster }) => {
    const roster = await readRoster(cluster);
    const ways: ListedWay[] = await Promise.all(
      roster.ways.map(async (way) => ({
        ...way,
        isGone: (await existsInIam(cluster, way.arn)) === false,
        isCaller: isSamePrincipal(way.arn, cluster.caller.arn),
      })),
    );
    for (const gap of formatGaps(roster)) output.note(`${output.style("yellow", "!")} ${gap}`);
    output.result(describeWays(cluster, roster, ways, output).join("\n"), waysToJson(cluster, roster, ways));
  });
}
