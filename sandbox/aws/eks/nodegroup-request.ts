import { randomUUID } from "node:crypto";
import { DescribeInstanceTypesCommand } from "@aws-sdk/client-ec2";
import type { LaunchTemplateVersion } from "@aws-sdk/client-ec2";
import type { AMITypes, CreateNodegroupRequest, NodegroupScalingConfig } from "@aws-sdk/client-eks";
import { unless } from "./clients.ts";
import { describeSubnets } from "./cluster-network.ts";
import { arnOf, timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { inUse, invalidParameter, invalidRequest } from "./errors.ts";
import { findRole, parsePrincipalArn, trusts } from "./iam.ts";
import { describeLaunchTemplate } from "./launch-templates.ts";
import { isMime } from "./node-user-data.ts";
import { required } from "./router.ts";
import type { ClusterRecord, NodegroupRecord } from "./state.ts";
import { checkTags } from "./tags.ts";
import { optimizedAmis } from "./versions.ts";
import type { Wire } from "./wire.ts";

export type CreateNodegroupBody = Partial<Wire<CreateNodegroupRequest>>;

/** Checks a CreateNodegroup as EKS does, and answers the node group as it is at first. */
export async function nodegroupFromRequest(
  context: EksContext,
  record: ClusterRecord,
  body: CreateNodegroupBody,
): Promise<NodegroupRecord> {
  const clusterName = record.shape.name;
  const nodegroupName = required(body.nodegroupName, "nodegroupName");
  const subject = { clusterName, nodegroupName };
  if (!/^[0-9A-Za-z][A-Za-z0-9_-]{0,62}$/.test(nodegroupName)) {
    throw invalidParameter(
      "nodegroupName can't be longer than 63 characters and must be letters, digits, - and _",
      subject,
    );
  }
  refuseExistingNodegroup(record, nodegroupName);
  const nodeRole = required(body.nodeRole, "nodeRole");
  await checkNodeRole(context, nodeRole);
  const subnets = required(body.subnets, "subnets");
  await checkSubnets(context, record, subnets);
  const scalingConfig = body.scalingConfig ?? { minSize: 1, maxSize: 2, desiredSize: 2 };
  checkScaling(scalingConfig);
  checkLabels(body.labels ?? {});
  checkTags(body.tags ?? {});
  const template = body.launchTemplate && (await describeLaunchTemplate(context, body.launchTemplate));
  if (template !== undefined) checkLaunchTemplate(template, body);
  const amiType = amiTypeFor(body.amiType, template);
  const version = body.version ?? record.shape.version;
  checkSkew(version, record.shape.version);
  const ofTemplate = template?.LaunchTemplateData?.InstanceType;
  const instanceTypes = body.instanceTypes?.length ? body.instanceTypes : ofTemplate ? undefined : ["t3.medium"];
  await checkInstanceTypes(context, instanceTypes ?? (ofTemplate ? [ofTemplate] : []), amiType);
  const now = timestamp(context);
  const uuid = randomUUID();
  return {
    uuid,
    shape: {
      nodegroupName,
      nodegroupArn: arnOf(context, `nodegroup/${clusterName}/${nodegroupName}/${uuid}`),
      clusterName,
      version,
      releaseVersion: releaseFor(amiType, version, body.releaseVersion, template),
      createdAt: now,
      modifiedAt: now,
      status: "CREATING",
      capacityType: body.capacityType ?? "ON_DEMAND",
      scalingConfig,
      ...(instanceTypes === undefined ? {} : { instanceTypes }),
      subnets,
      amiType,
      nodeRole,
      labels: body.labels ?? {},
      ...(body.taints?.length ? { taints: body.taints } : {}),
      ...(body.remoteAccess ? { remoteAccess: body.remoteAccess } : {}),
      ...(template === undefined ? { diskSize: body.diskSize ?? 20 } : {}),
      ...(template === undefined
        ? {}
        : {
            launchTemplate: {
              id: template.LaunchTemplateId,
              name: template.LaunchTemplateName,
              version: body.launchTemplate?.version ?? String(template.VersionNumber),
            },
          }),
      health: { issues: [] },
      updateConfig: body.updateConfig ?? { maxUnavailable: 1 },
      ...(body.nodeRepairConfig ? { nodeRepairConfig: body.nodeRepairConfig } : {}),
      ...(body.warmPoolConfig ? { warmPoolConfig: body.warmPoolConfig } : {}),
      tags: body.tags ?? {},
    },
  };
}

/** Asked again after the checks that take time, in which the same name may have been taken. */
export function refuseExistingNodegroup({ shape, nodegroups }: ClusterRecord, nodegroupName: string): void {
  if (nodegroups[nodegroupName] === undefined) return;
  throw inUse(`NodeGroup already exists with name ${nodegroupName} and cluster name ${shape.name}`, {
    clusterName: shape.name,
    nodegroupName,
  });
}

async function checkNodeRole(context: EksContext, roleArn: string): Promise<void> {
  const principal = parsePrincipalArn(roleArn);
  if (principal?.kind !== "role") throw invalidParameter(`The role ARN ${roleArn} is not valid`);
  const role = await findRole(context, roleArn);
  if (role === undefined) throw invalidParameter(`The role with name ${principal.name} cannot be found.`);
  if (!trusts(role, "ec2.amazonaws.com")) {
    throw invalidParameter(
      `Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole ${roleArn}`,
    );
  }
}

async function checkSubnets(context: EksContext, record: ClusterRecord, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) throw invalidParameter("subnets is required");
  const found = await describeSubnets(context, ids);
  const { vpcId } = record.shape.resourcesVpcConfig;
  if (found.some((subnet) => subnet.VpcId !== vpcId)) {
    throw invalidParameter(`Subnets are not in the VPC of the cluster: ${vpcId ?? ""}`);
  }
}

export function checkScaling({ minSize = 1, maxSize = 2, desiredSize = minSize }: NodegroupScalingConfig): void {
  if (maxSize < 1) throw invalidParameter("Maximum capacity must be at least 1");
  if (minSize > maxSize) {
    throw invalidParameter(`Minimum capacity ${minSize} can't be greater than maximum capacity ${maxSize}`);
  }
  if (desiredSize < minSize) {
    throw invalidParameter(`Minimum capacity ${minSize} can't be greater than desired size ${desiredSize}`);
  }
  if (desiredSize > maxSize) {
    throw invalidParameter(`Maximum capacity ${maxSize} can't be less than desired size ${desiredSize}`);
  }
}

export function checkLabels(labels: Readonly<Record<string, string>>): void {
  const reserved = ["kubernetes.io/", "k8s.io/", "eks.amazonaws.com/"];
  const key = Object.keys(labels).find((label) =>
    reserved.some((prefix) => label.startsWith(prefix) || label.includes(`.${prefix}`)),
  );
  if (key !== undefined) {
    throw invalidParameter(`Label cannot contain reserved prefixes [${reserved.join(", ")}]: ${key}`);
  }
}

export function checkLaunchTemplate(template: LaunchTemplateVersion, body: CreateNodegroupBody): void {
  const data = template.LaunchTemplateData ?? {};
  if (body.diskSize !== undefined) throw invalidParameter("Disk size must be specified within the launch template.");
  if (body.remoteAccess !== undefined) {
    throw invalidParameter("Remote access configuration cannot be specified with a launch template.");
  }
  if (data.IamInstanceProfile !== undefined) {
    throw invalidRequest(
      "Launch template should not specify an instance profile. The noderole in your request will be used to construct an instance profile.",
    );
  }
  if ((data.NetworkInterfaces ?? []).some(({ SubnetId }) => SubnetId !== undefined)) {
    throw invalidRequest("Launch template should not specify a subnet in its network interfaces.");
  }
  if (data.InstanceType !== undefined && body.instanceTypes?.length) {
    throw invalidParameter(
      "Instance types must be specified either within the launch template or as part of the node group, not both.",
    );
  }
  const userData = Buffer.from(data.UserData ?? "", "base64").toString("utf8");
  if (userData !== "" && data.ImageId === undefined && !isMime(userData)) {
    throw invalidRequest("Ec2LaunchTemplateInvalidConfiguration: User data was not in the MIME multipart format.");
  }
}

function amiTypeFor(wanted: AMITypes | undefined, template: LaunchTemplateVersion | undefined): AMITypes {
  const hasImage = template?.LaunchTemplateData?.ImageId !== undefined;
  if (hasImage && wanted !== undefined && wanted !== "CUSTOM") {
    throw invalidParameter(
      "You cannot specify an image id within the launch template and an AMI type other than CUSTOM.",
    );
  }
  if (!hasImage && wanted === "CUSTOM") {
    throw invalidParameter("Launch template details must include an image id for the AMI type CUSTOM.");
  }
  return hasImage ? "CUSTOM" : (wanted ?? "AL2023_x86_64_STANDARD");
}

function checkSkew(version: string, ofCluster: string): void {
  const minor = Number(version.split(".")[1]);
  const limit = Number(ofCluster.split(".")[1]);
  if (!(minor <= limit && limit - minor <= 3)) {
    throw invalidParameter(
      `Requested Nodegroup version ${version} is not supported by the control plane version ${ofCluster}`,
    );
  }
}

/** The newest release for the version, or the wanted one if it is offered. */
export function releaseFor(
  amiType: AMITypes,
  version: string,
  wanted: string | undefined,
  template: LaunchTemplateVersion | undefined,
): string {
  if (amiType === "CUSTOM") return template?.LaunchTemplateData?.ImageId ?? "";
  const offered = optimizedAmis().filter((image) => image.amiType === amiType && image.minor === version);
  if (offered.length === 0) {
    throw invalidParameter(`Requested AMI for this version ${version} is not supported: ${amiType}`);
  }
  const release = offered.find((image) =>
    wanted === undefined ? image.isRecommended : image.releaseVersion === wanted,
  );
  if (release === undefined) {
    throw invalidParameter(`Requested release version ${wanted ?? ""} is not valid for kubernetes version ${version}.`);
  }
  return release.releaseVersion;
}

async function checkInstanceTypes(context: EksContext, types: readonly string[], amiType: AMITypes): Promise<void> {
  if (types.length === 0) return;
  const answer = await unless(
    context.aws.ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: types as never })),
    "InvalidInstanceType",
  );
  const found = answer?.InstanceTypes ?? [];
  const missing = types.filter((type) => !found.some(({ InstanceType }) => InstanceType === type));
  if (missing.length > 0) {
    throw invalidParameter(`The following supplied instance types do not exist: [${missing.join(", ")}]`);
  }
  if (amiType === "CUSTOM") return;
  const architecture = amiType.includes("ARM_64") ? "arm64" : "x86_64";
  const unfit = found.find(
    ({ ProcessorInfo }) => !(ProcessorInfo?.SupportedArchitectures ?? []).includes(architecture),
  );
  if (unfit !== undefined) {
    throw invalidParameter(
      `[${unfit.InstanceType ?? ""}] is not a valid instance type for requested amiType ${amiType}`,
    );
  }
}
