import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DescribeLaunchTemplateVersionsCommand,
} from "@aws-sdk/client-ec2";
import type {
  LaunchTemplateVersion,
  RequestLaunchTemplateData,
  ResponseLaunchTemplateData,
  ResourceType,
} from "@aws-sdk/client-ec2";
import type { LaunchTemplateSpecification } from "@aws-sdk/client-eks";
import { isAwsError, unless } from "./clients.ts";
import type { EksContext } from "./context.ts";
import { invalidRequest } from "./errors.ts";
import { nodeUserData } from "./node-user-data.ts";
import type { ClusterRecord, NodegroupRecord } from "./state.ts";
import { optimizedAmis } from "./versions.ts";

/** The version of the operator's launch template that a node group names; the default one when it names none. */
export async function describeLaunchTemplate(
  context: EksContext,
  { id, name, version }: LaunchTemplateSpecification,
): Promise<LaunchTemplateVersion> {
  if ((id === undefined) === (name === undefined)) {
    throw invalidRequest("Either the launch template name or the launch template id must be specified, not both.");
  }
  try {
    const { LaunchTemplateVersions: versions = [] } = await context.aws.ec2.send(
      new DescribeLaunchTemplateVersionsCommand({
        LaunchTemplateId: id,
        LaunchTemplateName: name,
        Versions: [version ?? "$Default"],
      }),
    );
    const [found] = versions;
    if (found !== undefined) return found;
  } catch (error) {
    const missing = ["InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException"];
    if (!isAwsError(error, ...missing, "InvalidLaunchTemplateId.VersionNotFound")) throw error;
  }
  throw invalidRequest(
    `The launch template ${id ?? name ?? ""} with version ${version ?? "$Default"} cannot be found.`,
  );
}

function securityGroupsOf(data: ResponseLaunchTemplateData | undefined): string[] {
  const ofInterfaces = (data?.NetworkInterfaces ?? []).flatMap(({ Groups }) => Groups ?? []);
  return [...(data?.SecurityGroupIds ?? []), ...ofInterfaces];
}

/** What EKS puts on everything of a node group. */
export function ownTags({ shape }: NodegroupRecord): Record<string, string> {
  return { "eks:cluster-name": shape.clusterName, "eks:nodegroup-name": shape.nodegroupName };
}

/** Makes EKS' own copy of the launch template, or a new version of it, for what the node group wants now. */
export async function writeLaunchTemplate(
  context: EksContext,
  record: ClusterRecord,
  nodegroup: NodegroupRecord,
): Promise<void> {
  const data = await templateData(context, record, nodegroup);
  if (nodegroup.launchTemplateId === undefined) {
    const { LaunchTemplate: made } = await context.aws.ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: `eks-${nodegroup.uuid}`,
        LaunchTemplateData: data,
        TagSpecifications: [{ ResourceType: "launch-template", Tags: tagList(ownTags(nodegroup)) }],
      }),
    );
    if (made?.LaunchTemplateId === undefined) throw new Error("EC2 answered no launch template id");
    nodegroup.launchTemplateId = made.LaunchTemplateId;
    nodegroup.launchTemplateVersion = "1";
    return;
  }
  const { LaunchTemplateVersion: made } = await context.aws.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateId: nodegroup.launchTemplateId,
      LaunchTemplateData: data,
    }),
  );
  nodegroup.launchTemplateVersion = String(made?.VersionNumber);
}

export async function deleteLaunchTemplate(context: EksContext, id: string): Promise<void> {
  await unless(
    context.aws.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })),
    "InvalidLaunchTemplateId.NotFound",
  );
}

async function templateData(
  context: EksContext,
  record: ClusterRecord,
  nodegroup: NodegroupRecord,
): Promise<RequestLaunchTemplateData> {
  const { shape } = nodegroup;
  const { id, version } = shape.launchTemplate ?? {};
  const source = id === undefined ? undefined : await describeLaunchTemplate(context, { id, version });
  const own = source?.LaunchTemplateData;
  const imageId = own?.ImageId ?? imageOf(nodegroup);
  const securityGroups = securityGroupsOf(own);
  const { clusterSecurityGroupId = "" } = record.shape.resourcesVpcConfig;
  const custom = own?.UserData === undefined ? undefined : Buffer.from(own.UserData, "base64").toString("utf8");
  const userData =
    shape.amiType === "CUSTOM"
      ? custom
      : nodeUserData({
          cluster: shape.clusterName,
          endpoint: record.shape.endpoint ?? "",
          certificateAuthority: record.shape.certificateAuthority?.data ?? "",
          serviceIpv4Cidr: record.shape.kubernetesNetworkConfig.serviceIpv4Cidr ?? "",
          labels: nodeLabels(nodegroup, imageId, source),
          taints: shape.taints ?? [],
          ...(custom === undefined ? {} : { custom }),
        });
  return {
    ...withoutEmpty(own),
    ImageId: imageId,
    InstanceType: own?.InstanceType ?? (shape.instanceTypes?.[0] as RequestLaunchTemplateData["InstanceType"]),
    IamInstanceProfile: { Name: `eks-${nodegroup.uuid}` },
    SecurityGroupIds: securityGroups.length > 0 ? securityGroups : [clusterSecurityGroupId],
    MetadataOptions: own?.MetadataOptions ?? { HttpTokens: "required", HttpPutResponseHopLimit: 2 },
    ...(own?.BlockDeviceMappings?.length
      ? {}
      : {
          BlockDeviceMappings: [
            {
              DeviceName: "/dev/xvda",
              Ebs: { VolumeSize: shape.diskSize ?? 20, VolumeType: "gp3", DeleteOnTermination: true },
            },
          ],
        }),
    ...(shape.capacityType === "SPOT" ? { InstanceMarketOptions: { MarketType: "spot" } } : {}),
    ...(userData === undefined ? {} : { UserData: Buffer.from(userData).toString("base64") }),
    TagSpecifications: tagSpecifications(nodegroup, own),
  };
}

/** The labels that every node of the group gets. */
function nodeLabels(
  { shape }: NodegroupRecord,
  imageId: string,
  source: LaunchTemplateVersion | undefined,
): Record<string, string> {
  return {
    ...(source === undefined
      ? {}
      : {
          "eks.amazonaws.com/sourceLaunchTemplateId": source.LaunchTemplateId ?? "",
          "eks.amazonaws.com/sourceLaunchTemplateVersion": String(source.VersionNumber),
        }),
    "eks.amazonaws.com/nodegroup-image": imageId,
    "eks.amazonaws.com/capacityType": shape.capacityType,
    "eks.amazonaws.com/nodegroup": shape.nodegroupName,
    ...shape.labels,
  };
}

function imageOf({ shape }: NodegroupRecord): string {
  const image = optimizedAmis().find(
    ({ amiType, releaseVersion, minor }) =>
      amiType === shape.amiType && releaseVersion === shape.releaseVersion && minor === shape.version,
  );
  if (image === undefined) throw new Error(`no image for ${shape.amiType} ${shape.releaseVersion}`);
  return image.imageId;
}

function tagSpecifications(nodegroup: NodegroupRecord, own: ResponseLaunchTemplateData | undefined) {
  const types: ResourceType[] = ["instance", "volume", "network-interface"];
  return types.map((ResourceType) => {
    const ofTemplate = (own?.TagSpecifications ?? [])
      .filter((specification) => specification.ResourceType === ResourceType)
      .flatMap(({ Tags }) => Tags ?? []);
    const merged = {
      ...Object.fromEntries(ofTemplate.map(({ Key = "", Value = "" }) => [Key, Value])),
      ...ownTags(nodegroup),
    };
    return { ResourceType, Tags: tagList(merged) };
  });
}

export function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** A described template can be sent again without the members that describing adds as empty lists. */
function withoutEmpty(data: ResponseLaunchTemplateData | undefined): RequestLaunchTemplateData {
  const kept = Object.entries(data ?? {}).filter(
    ([name, value]) =>
      !["NetworkInterfaces", "SecurityGroups"].includes(name) && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept);
}
