import { DescribeSecurityGroupsCommand } from "@aws-sdk/client-ec2";
import type { ErrorCode, ErrorDetail, UpdateClusterVersionRequest } from "@aws-sdk/client-eks";
import { describeSubnets } from "./cluster-network.ts";
import { offeredMinor } from "./cluster-request.ts";
import { activeCluster } from "./context.ts";
import type { EksContext } from "./context.ts";
import { startPlane } from "./control-planes.ts";
import { invalidParameter, invalidRequest, messageOf } from "./errors.ts";
import { findRole, trusts } from "./iam.ts";
import { findInsights } from "./insights.ts";
import { pause } from "./jobs.ts";
import { param, required } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord } from "./state.ts";
import { beginUpdate, endUpdates } from "./updates.ts";
import { findMinor } from "./versions.ts";

export function clusterVersionOperations(context: EksContext): Operation[] {
  return [
    {
      name: "UpdateClusterVersion",
      method: "POST",
      path: "/clusters/{name}/updates",
      run: (call) => updateVersion(context, call),
    },
  ];
}

async function updateVersion(context: EksContext, call: Call): Promise<object> {
  const record = activeCluster(context, param(call, "name"), "UpdateClusterVersion");
  const { shape } = record;
  const subject = { clusterName: shape.name };
  const body = call.body as Partial<UpdateClusterVersionRequest>;
  const wanted = required(body.version, "version");
  if (wanted === shape.version) {
    throw invalidParameter(`Cluster is already at the desired configuration with version: ${wanted}`, subject);
  }
  const minor = offeredMinor(wanted, context.now());
  if (minorNumber(wanted) !== minorNumber(shape.version) + 1) {
    throw invalidParameter(`Unsupported Kubernetes minor version update from ${shape.version} to ${wanted}`, subject);
  }
  const behind = Object.values(record.nodegroups).find((nodegroup) => nodegroup.shape.version !== shape.version);
  if (behind !== undefined) {
    throw invalidRequest(
      `Nodegroup ${behind.shape.nodegroupName} must be updated to match cluster version ${shape.version} before updating cluster version`,
      subject,
    );
  }
  const errors = body.force === true ? [] : (await findInsights(context, record)).filter(isError);
  if (errors.length > 0) {
    const names = errors.map(({ name }) => name).join(", ");
    throw invalidRequest(
      `Cluster version update is blocked by upgrade insights with the status ERROR: ${names}. Use force to override.`,
      subject,
    );
  }
  // Another call may have come while the nodes were being asked.
  activeCluster(context, shape.name, "UpdateClusterVersion");
  shape.status = "UPDATING";
  const update = beginUpdate(context, record, "VersionUpdate", {
    Version: minor.minor,
    PlatformVersion: minor.platformVersion,
  });
  context.store.save(record);
  context.jobs.start(`cluster/${shape.name}`, (signal) => finishVersionUpdate(context, record, minor.minor, signal));
  return { update: update.shape };
}

function isError({ insightStatus }: { insightStatus: { status: string } }): boolean {
  return insightStatus.status === "ERROR";
}

/** The version that an update leads to that is in progress; undefined if there is none. */
export function pendingVersion({ updates }: ClusterRecord): string | undefined {
  const pending = updates.find(
    ({ shape, nodegroupName, addonName }) =>
      shape.status === "InProgress" &&
      shape.type === "VersionUpdate" &&
      nodegroupName === undefined &&
      addonName === undefined,
  );
  return pending?.shape.params?.find(({ type }) => type === "Version")?.value;
}

/** The control plane keeps its version until the update has succeeded; one that fails leaves it as it was. */
export async function finishVersionUpdate(
  context: EksContext,
  record: ClusterRecord,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const { shape } = record;
  await pause(context.delays.clusterUpdate, signal);
  const problem = await findProblem(context, record);
  if (problem === undefined) {
    const before = { version: shape.version, platformVersion: shape.platformVersion };
    Object.assign(shape, { version, platformVersion: findMinor(version)?.platformVersion });
    try {
      await context.planes.get(shape.name)?.stop();
      await startPlane(context, record);
    } catch (error) {
      if (signal.aborted) Object.assign(shape, before);
      throw error;
    }
  }
  shape.status = "ACTIVE";
  endUpdates(record, {}, problem);
  context.store.save(record);
}

/** Tag on the cluster security group that makes the next updates of the control plane fail, with EKS' error code. */
const failTag = "sandbox:fail-update";

/** https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html: addresses, group and role must still be there. */
async function findProblem(context: EksContext, { shape }: ClusterRecord): Promise<ErrorDetail | undefined> {
  const { subnetIds = [], clusterSecurityGroupId = "" } = shape.resourcesVpcConfig;
  const fail = (errorCode: ErrorCode, errorMessage: string, resourceIds: string[] = []) => ({
    errorCode,
    errorMessage,
    resourceIds,
  });
  const role = await findRole(context, shape.roleArn);
  if (role === undefined || !trusts(role, "eks.amazonaws.com")) {
    return fail("AccessDenied", `EKS can't assume the role ${shape.roleArn}`);
  }
  try {
    const subnets = await describeSubnets(context, subnetIds);
    const free = subnets.reduce((sum, { AvailableIpAddressCount = 0 }) => sum + AvailableIpAddressCount, 0);
    if (free < 5) return fail("IpNotAvailable", "The subnets do not have enough free addresses", subnetIds);
  } catch (error) {
    return fail("SubnetNotFound", messageOf(error), subnetIds);
  }
  const { SecurityGroups: [group] = [] } = await context.aws.ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: "group-id", Values: [clusterSecurityGroupId] }] }),
  );
  if (group === undefined) return fail("SecurityGroupNotFound", "The cluster security group is gone");
  const asked = group.Tags?.find(({ Key }) => Key === failTag)?.Value as ErrorCode | undefined;
  return asked && fail(asked, `Failed as the tag ${failTag} asks`, [clusterSecurityGroupId]);
}

function minorNumber(version: string): number {
  return Number(version.split(".")[1]);
}
