import {
  DescribeMountTargetsCommand,
  paginateDescribeAccessPoints,
  paginateDescribeFileSystems,
  type LifeCycleState,
} from "@aws-sdk/client-efs";
import { prices } from "../../cost/prices.ts";
import { hasOwnTags, readTags, type Found } from "./resource.ts";
import { mapFew, unlessGone, type Scope } from "./scope.ts";

export async function findFileSystems({ aws }: Scope): Promise<Found[]> {
  const found: Found[] = [];
  for await (const { FileSystems = [] } of paginateDescribeFileSystems({ client: aws.efs }, {})) {
    for (const { FileSystemId: id = "", LifeCycleState, Tags, ...system } of FileSystems) {
      const tags = readTags(Tags);
      if (!hasOwnTags(tags) || LifeCycleState === "deleted") continue;
      found.push({
        category: "file-systems",
        id,
        arn: system.FileSystemArn,
        name: system.Name,
        created: system.CreationTime,
        tags,
        monthlyCost: ((system.SizeInBytes?.Value ?? 0) / 1e9) * prices.efs.month,
        facts: { bytes: String(system.SizeInBytes?.Value ?? 0) },
        ...whileDeleting(LifeCycleState),
      });
    }
  }
  return found;
}

/** They only connect the file system with a VPC; no data is lost with them. */
export async function findMountTargets(scope: Scope): Promise<Found[]> {
  const systems = await scope.found("file-systems");
  const found = await mapFew(systems, async ({ id: FileSystemId }) => {
    const answer = await unlessGone(scope.aws.efs.send(new DescribeMountTargetsCommand({ FileSystemId })));
    return (answer?.MountTargets ?? []).map(
      ({ MountTargetId: id = "", SubnetId, LifeCycleState, NetworkInterfaceId }): Found => ({
        category: "mount-targets",
        id,
        name: SubnetId,
        tags: {},
        partOf: [FileSystemId],
        monthlyCost: 0,
        ...(NetworkInterfaceId !== undefined && { facts: { interface: NetworkInterfaceId } }),
        ...whileDeleting(LifeCycleState),
      }),
    );
  });
  return found.flat();
}

export async function findAccessPoints(scope: Scope): Promise<Found[]> {
  const systems = new Set((await scope.found("file-systems")).map(({ id }) => id));
  const found: Found[] = [];
  for await (const { AccessPoints = [] } of paginateDescribeAccessPoints({ client: scope.aws.efs }, {})) {
    for (const { AccessPointId: id = "", FileSystemId = "", LifeCycleState, Tags, ...point } of AccessPoints) {
      const tags = readTags(Tags);
      if (!hasOwnTags(tags) && !systems.has(FileSystemId)) continue;
      found.push({
        category: "access-points",
        id,
        arn: point.AccessPointArn,
        name: point.Name,
        tags,
        partOf: [FileSystemId],
        sharesStack: true,
        monthlyCost: 0,
        ...whileDeleting(LifeCycleState),
      });
    }
  }
  return found;
}

function whileDeleting(state: LifeCycleState | undefined): Pick<Found, "going"> {
  return state === "deleting" ? { going: { words: "deleting", waits: "minutes" } } : {};
}
