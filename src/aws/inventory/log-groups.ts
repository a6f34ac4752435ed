import { paginateDescribeLogGroups, type CloudWatchLogsClient, type LogGroup } from "@aws-sdk/client-cloudwatch-logs";
import { prices } from "../../cost/prices.ts";
import { describeCluster } from "../cluster.ts";
import { idTag, type Found } from "./resource.ts";
import { arnResource, mapFew, type Scope } from "./scope.ts";

/** Groups with our tags, and those that EKS writes, which carry none: even after its end a cluster makes its anew. */
export async function findLogGroups(scope: Scope): Promise<Found[]> {
  const client = await scope.aws.rare.logs();
  const tagged = await mapFew(await scope.tagged("logs"), async ({ arn, tags }) => {
    const name = arnResource(arn)
      .replace(/^log-group:/, "")
      .replace(/:\*$/, "");
    const group = await findGroup(client, name);
    return group ? [{ ...foundFrom(group), tags }] : [];
  });
  const ofClusters = await mapFew(await clustersNamed(scope), async ({ name, claim }) => {
    const group = await findGroup(client, `/aws/eks/${name}/cluster`);
    return group ? claim(foundFrom(group)) : [];
  });
  // Tags prove more than the name.
  return [...ofClusters.flat(), ...tagged.flat()];
}

async function findGroup(client: CloudWatchLogsClient, name: string): Promise<LogGroup | undefined> {
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, { logGroupNamePrefix: name })) {
    const match = logGroups.find(({ logGroupName }) => logGroupName === name);
    if (match) return match;
  }
  return undefined;
}

function foundFrom({ logGroupName: id = "", arn, creationTime, storedBytes = 0 }: LogGroup): Found {
  return {
    category: "log-groups",
    id,
    arn,
    created: creationTime === undefined ? undefined : new Date(creationTime),
    tags: {},
    monthlyCost: (storedBytes / 1e9) * prices.logs,
  };
}

interface NamedCluster {
  name: string;
  /** The group, with the proof that it is ours; nothing without proof. */
  claim: (group: Found) => Found[];
}

/** The names that deployments' clusters have or had. */
async function clustersNamed(scope: Scope): Promise<NamedCluster[]> {
  const own = await scope.found("eks-clusters");
  const present = own.map(({ id, arn = id }): NamedCluster => ({
    name: id,
    claim: (group) => [{ ...group, partOf: [arn] }],
  }));
  const gone = [...(await oldestById(scope))].filter(([, { name }]) => !own.some(({ id }) => id === name));
  const past = await mapFew(gone, async ([id, { name, since }]): Promise<NamedCluster[]> => {
    // A cluster of that name that is not ours has its own log group.
    if (await describeCluster(scope.aws, name)) return [];
    const words = `named after the cluster of the deployment with ${idTag} ${id}, and made after it began`;
    const claim = (group: Found): Found[] =>
      group.created && group.created >= since ? [{ ...group, claim: { words, deployment: name, ids: [id] } }] : [];
    return [{ name, claim }];
  });
  return [...present, ...past.flat()];
}

/** Each deployment's name, and when its oldest thing was made that tells its age. */
async function oldestById(scope: Scope): Promise<Map<string, { name: string; since: Date }>> {
  const looks = await Promise.all((["iam-roles", "file-systems", "secrets"] as const).map((one) => scope.found(one)));
  const oldest = new Map<string, { name: string; since: Date }>();
  for (const { tags, created } of looks.flat()) {
    const [id, name] = [tags["hubctl:id"], tags["hubctl:deployment"]];
    if (id === undefined || name === undefined || created === undefined) continue;
    const known = oldest.get(id);
    if (!known || created < known.since) oldest.set(id, { name, since: created });
  }
  return oldest;
}
