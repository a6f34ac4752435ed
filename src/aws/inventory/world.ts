import { GetObjectCommand, paginateListBuckets, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { createClients, type AwsClients } from "../clients.ts";
import { stateBucketName } from "../state-bucket.ts";
import { listOwnClusters } from "./eks.ts";
import { idTag } from "./resource.ts";
import { mapFew, unlessGone } from "./scope.ts";
import type { DeploymentRecord, OwnCluster, World } from "./state.ts";

export interface WorldOptions {
  account: string;
  /** A deployment whose run lock this very run holds, so that it says nothing. */
  heldLock?: string | undefined;
  clientsIn?: (region: string) => AwsClients;
}

/**
 * What lives and what is kept, in every region in which hubctl has a state bucket: roles and records are the account's,
 * so another region's deployment would look like an orphan here.
 */
export async function readWorld(aws: AwsClients, options: WorldOptions): Promise<World> {
  const { clientsIn = createClients } = options;
  const regions = await stateRegions(aws, options.account);
  const others = regions.filter((region) => region !== aws.region);
  const worlds = await mapFew([aws, ...others.map((region) => clientsIn(region))], async (clients) => ({
    clusters: await readClusters(clients),
    records: regions.includes(clients.region) ? await readRecords(clients, options) : [],
  }));
  return {
    clusters: worlds.flatMap(({ clusters }) => clusters),
    records: worlds.flatMap(({ records }) => records),
  };
}

async function stateRegions({ s3: client }: AwsClients, account: string): Promise<string[]> {
  const prefix = stateBucketName(account, "");
  const regions: string[] = [];
  for await (const { Buckets = [] } of paginateListBuckets({ client }, { Prefix: prefix })) {
    for (const { Name = "" } of Buckets) {
      const region = Name.slice(prefix.length);
      if (Name.startsWith(prefix) && /^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) regions.push(region);
    }
  }
  return regions;
}

async function readClusters(aws: AwsClients): Promise<OwnCluster[]> {
  return (await listOwnClusters(aws)).flatMap(({ name = "", status = "", tags = {} }) => {
    const id = tags[idTag];
    return id === undefined ? [] : [{ id, name, status, region: aws.region }];
  });
}

const root = "deployments/";

async function readRecords(aws: AwsClients, { account, heldLock }: WorldOptions): Promise<DeploymentRecord[]> {
  const target = { Bucket: stateBucketName(account, aws.region), ExpectedBucketOwner: account };
  const keys = new Map<string, Map<string, Date | undefined>>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client: aws.s3 }, { ...target, Prefix: root })) {
    for (const { Key = "", LastModified } of Contents) {
      const [deployment = "", ...rest] = Key.slice(root.length).split("/");
      keys.set(
        deployment,
        (keys.get(deployment) ?? new Map<string, Date | undefined>()).set(rest.join("/"), LastModified),
      );
    }
  }
  return mapFew([...keys], async ([deployment, files]) => {
    const idsIn = async (stack: string) => {
      const file = `${stack}/terraform.tfstate`;
      if (!files.has(file)) return [];
      const command = new GetObjectCommand({ ...target, Key: `${root}${deployment}/${file}` });
      return idsInState((await (await unlessGone(aws.s3.send(command)))?.Body?.transformToString()) ?? "");
    };
    const [kept, inCluster] = await Promise.all([idsIn("storage"), idsIn("cluster")]);
    return {
      deployment,
      region: aws.region,
      ids: [...new Set([...kept, ...inCluster])],
      keptIds: kept,
      isLocked: deployment !== heldLock && isFresh(files.get("run.lock")),
    };
  });
}

/** A run renews its lock every 30 seconds; this machine's clock may be some minutes wrong. */
const silentAfterMilliseconds = 15 * 60_000;

function isFresh(renewed: Date | undefined): boolean {
  return renewed !== undefined && Date.now() - renewed.getTime() < silentAfterMilliseconds;
}

/** The ids in the tags of what a Terraform state holds; none if it holds nothing any more. */
export function idsInState(text: string): string[] {
  return [...new Set([...text.matchAll(/"hubctl:id":\s*"([0-9a-f]{16})"/g)].flatMap(([, id]) => id ?? []))];
}
