import { DescribeInsightCommand, paginateListInsights, type Insight, type InsightSummary } from "@aws-sdk/client-eks";
import type { AwsClients } from "../aws/clients.ts";
import type { Obstacle } from "./obstacles.ts";

/**
 * What EKS itself has found to speak against a Kubernetes version; it looks once a day.
 * https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html
 */
export async function readInsights(aws: AwsClients, clusterName: string, kubernetes: string): Promise<Insight[]> {
  const summaries: InsightSummary[] = [];
  const filter = { categories: ["UPGRADE_READINESS" as const], kubernetesVersions: [kubernetes] };
  for await (const page of paginateListInsights({ client: aws.eks }, { clusterName, filter })) {
    summaries.push(...(page.insights ?? []));
  }
  const notable = summaries.filter(({ insightStatus }) => insightStatus?.status !== "PASSING");
  const found = await Promise.all(
    notable.map(async ({ id }) => (await aws.eks.send(new DescribeInsightCommand({ clusterName, id }))).insight),
  );
  return found.filter((insight) => insight !== undefined);
}

/** EKS refuses the update itself where an insight is an error. */
export function judgeInsights(insights: readonly Insight[]): Obstacle[] {
  return insights.map(({ name = "?", insightStatus, recommendation, resources = [] }) => {
    const named = resources.flatMap(({ kubernetesResourceUri, arn }) => kubernetesResourceUri ?? arn ?? []);
    const where = named.length === 0 ? "" : ` (${named.slice(0, 5).join(", ")})`;
    return {
      blocks: insightStatus?.status === "ERROR",
      text: `EKS says "${name}": ${insightStatus?.reason ?? insightStatus?.status ?? "no reason"}${where}`,
      ...(recommendation !== undefined && { todo: recommendation }),
    };
  });
}
