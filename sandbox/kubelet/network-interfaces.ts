import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  DescribeNetworkInterfacesCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from "@aws-sdk/client-ec2";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { NodeInstance } from "./dependencies.ts";

/**
 * What the VPC CNI plugin does as soon as it runs on a node: it keeps a second interface ready, tagged as its own, with the
 * security groups of the first (https://github.com/aws/amazon-vpc-cni-k8s, WARM_ENI_TARGET). Answers its address.
 */
export async function addInterface(ec2: EC2Client, cluster: string, instance: NodeInstance): Promise<string> {
  const Filters = [{ Name: "attachment.instance-id", Values: [instance.id] }];
  const { NetworkInterfaces: present = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const isOwn = ({ Key }: { Key?: string | undefined }) => Key === "node.k8s.amazonaws.com/instance_id";
  const known = present.find(({ TagSet = [] }) => TagSet.some(isOwn));
  if (known?.PrivateIpAddress !== undefined) return known.PrivateIpAddress;
  const tags = {
    "node.k8s.amazonaws.com/instance_id": instance.id,
    "node.k8s.amazonaws.com/createdAt": new Date().toISOString(),
    "cluster.k8s.amazonaws.com/name": cluster,
  };
  const { NetworkInterface: made } = await ec2.send(
    new CreateNetworkInterfaceCommand({
      SubnetId: instance.subnetId,
      Description: `aws-K8S-${instance.id}`,
      Groups: (present[0]?.Groups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
      TagSpecifications: [
        { ResourceType: "network-interface", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
      ],
    }),
  );
  const { NetworkInterfaceId, PrivateIpAddress = "" } = made ?? {};
  const { AttachmentId } = await ec2.send(
    new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId: instance.id, DeviceIndex: 1 }),
  );
  const Attachment = { AttachmentId, DeleteOnTermination: true };
  await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attachment }));
  return PrivateIpAddress;
}
