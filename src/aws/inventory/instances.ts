import {
  paginateDescribeInstances,
  paginateDescribeLaunchTemplates,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
} from "@aws-sdk/client-ec2";
import { hoursAMonth, instancePrice, prices } from "../../cost/prices.ts";
import { collect, filtersOf, taggedFilter, taggedOrInVpcs } from "./ec2.ts";
import { readTags, type Found } from "./resource.ts";
import { type Scope } from "./scope.ts";

export async function findInstances(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const instances = await collect(
    await taggedOrInVpcs(scope),
    (filter) => paginateDescribeInstances({ client }, { Filters: [filter] }),
    ({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances),
    ({ InstanceId }) => InstanceId,
  );
  return instances.flatMap(({ InstanceId: id = "", State, Tags, ...instance }): Found[] => {
    // Shown for an hour after its end; it costs and blocks nothing.
    if (State?.Name === "terminated") return [];
    const tags = readTags(Tags);
    const price = instance.InstanceType === undefined ? undefined : instancePrice(instance.InstanceType);
    return [
      {
        category: "instances",
        id,
        name: tags["Name"],
        created: instance.LaunchTime,
        tags,
        partOf: instance.VpcId === undefined ? [] : [instance.VpcId],
        needsName: true,
        monthlyCost: State?.Name === "stopped" ? 0 : price === undefined ? undefined : price * hoursAMonth,
        ...(State?.Name === "shutting-down" && { going: { words: "shutting down", waits: "minutes" } }),
      },
    ];
  });
}

export async function findLaunchTemplates({ ec2 }: Scope): Promise<Found[]> {
  const client = await ec2();
  const templates = await collect(
    [taggedFilter],
    (filter) => paginateDescribeLaunchTemplates({ client }, { Filters: [filter] }),
    ({ LaunchTemplates }) => LaunchTemplates,
    ({ LaunchTemplateId }) => LaunchTemplateId,
  );
  return templates.map(({ LaunchTemplateId: id = "", LaunchTemplateName, CreateTime, Tags }) => ({
    category: "launch-templates",
    id,
    name: LaunchTemplateName,
    created: CreateTime,
    tags: readTags(Tags),
    monthlyCost: 0,
  }));
}

export async function findVolumes(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const instances = await scope.found("instances");
  const volumes = await collect(
    [taggedFilter, ...filtersOf("attachment.instance-id", instances)],
    (filter) => paginateDescribeVolumes({ client }, { Filters: [filter] }),
    ({ Volumes }) => Volumes,
    ({ VolumeId }) => VolumeId,
  );
  return volumes.map(({ VolumeId: id = "", CreateTime, State, Size = 0, Tags, Attachments = [] }) => {
    const tags = readTags(Tags);
    return {
      category: "volumes",
      id,
      name: tags["Name"],
      created: CreateTime,
      tags,
      partOf: Attachments.flatMap(({ InstanceId, DeleteOnTermination }) =>
        InstanceId !== undefined && DeleteOnTermination ? [InstanceId] : [],
      ),
      monthlyCost: Size * prices.gp3,
      ...(State === "deleting" && { going: { words: "deleting", waits: "minutes" } }),
    } satisfies Found;
  });
}

export async function findSnapshots(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const volumes = await scope.found("volumes");
  const snapshots = await collect(
    [taggedFilter, ...filtersOf("volume-id", volumes)],
    (filter) => paginateDescribeSnapshots({ client }, { OwnerIds: ["self"], Filters: [filter] }),
    ({ Snapshots }) => Snapshots,
    ({ SnapshotId }) => SnapshotId,
  );
  return snapshots.map(({ SnapshotId: id = "", StartTime, VolumeId, VolumeSize = 0, Tags }) => {
    const tags = readTags(Tags);
    return {
      category: "snapshots",
      id,
      name: tags["Name"],
      created: StartTime,
      tags,
      partOf: VolumeId === undefined ? [] : [VolumeId],
      // What a snapshot holds beyond earlier ones is not told; the whole volume is the most that it can be.
      monthlyCost: VolumeSize * prices.snapshot,
    };
  });
}
