import {
  ACMClient,
  AddTagsToCertificateCommand,
  DescribeCertificateCommand,
  RequestCertificateCommand,
} from "@aws-sdk/client-acm";
import { AutoScalingClient, CreateAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import {
  BackupClient,
  CreateBackupPlanCommand,
  CreateBackupVaultCommand,
  StartBackupJobCommand,
} from "@aws-sdk/client-backup";
import { CloudWatchLogsClient, CreateLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  AllocateAddressCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateLaunchTemplateCommand,
  CreateNatGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotCommand,
  CreateSubnetCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DescribeImagesCommand,
  EC2Client,
  RunInstancesCommand,
  type ResourceType,
} from "@aws-sdk/client-ec2";
import { CreateRepositoryCommand, ECRClient } from "@aws-sdk/client-ecr";
import {
  CreateAccessPointCommand,
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  EFSClient,
} from "@aws-sdk/client-efs";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  Route53Client,
  type ResourceRecordSet,
} from "@aws-sdk/client-route-53";
import {
  CreateBucketCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { eventually } from "./eventually.ts";

export interface AwsSettings {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

interface Planting {
  /** Name of the deployment and its cluster. */
  name: string;
  /** The tag hubctl:id; without it everything is a namesake's. */
  id?: string;
  /** A security group of somebody else's. */
  office: string;
}

/** "category id" of everything that was planted. */
export type Planted = string[];

/**
 * Makes, with the plain AWS API, one thing of each kind as Terraform, Karpenter, the CSI driver, the service controller
 * and the CNI plugin make it, with their tags and names.
 */
export async function plantDeployment(settings: AwsSettings, planting: Planting): Promise<Planted> {
  const { name, id } = planting;
  const own = (stack: string): Record<string, string> =>
    id === undefined ? {} : { "hubctl:deployment": name, "hubctl:id": id, "hubctl:stack": stack };
  const cluster = own("cluster");
  const prefix = `${name}-${(id ?? "0badcafe").slice(0, 8)}`;
  const planted: Planted = [];
  const network = await plantNetwork(settings, { name, cluster, planted });
  await plantMachines(settings, { name, cluster, prefix, planted, office: planting.office, ...network });
  const zone = await plantBalancer(settings, { name, cluster, planted, ...network });
  await plantData(settings, { name, storage: own("storage"), cluster, prefix, planted, ...network });
  await plantIdentity(settings, { cluster, prefix, planted });
  await plantRest(settings, { name, cluster, prefix, planted });
  await plantCertificate(settings, { name, cluster, planted, zone });
  return planted.sort();
}

/** A network of somebody else's; gives its security group. */
export async function plantOffice(settings: AwsSettings): Promise<string> {
  const ec2 = new EC2Client(settings);
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.77.0.0/16" }));
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "office", Description: "office", VpcId: Vpc!.VpcId! }),
  );
  return GroupId!;
}

type TagRecord = Record<string, string>;

interface Common {
  name: string;
  cluster: TagRecord;
  planted: Planted;
}

interface Network {
  vpc: string;
  subnets: [string, string];
  group: string;
}

function list(tags: TagRecord): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function specification(ResourceType: ResourceType, tags: TagRecord) {
  return { TagSpecifications: Object.keys(tags).length > 0 ? [{ ResourceType, Tags: list(tags) }] : [] };
}

async function plantNetwork(settings: AwsSettings, { name, cluster, planted }: Common): Promise<Network> {
  const ec2 = new EC2Client(settings);
  const shared = { ...cluster, [`kubernetes.io/cluster/${name}`]: "shared" };
  const { Vpc } = await ec2.send(
    new CreateVpcCommand({ CidrBlock: "10.9.0.0/16", ...specification("vpc", { ...cluster, Name: name }) }),
  );
  const vpc = Vpc!.VpcId!;
  const makeSubnet = async (index: number, zone: string) => {
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpc,
        CidrBlock: `10.9.${index}.0/24`,
        AvailabilityZone: `${settings.region}${zone}`,
        ...specification("subnet", shared),
      }),
    );
    return Subnet!.SubnetId!;
  };
  const subnets: [string, string] = [await makeSubnet(0, "a"), await makeSubnet(1, "b")];
  const { InternetGateway } = await ec2.send(
    new CreateInternetGatewayCommand(specification("internet-gateway", cluster)),
  );
  const gateway = InternetGateway!.InternetGatewayId!;
  await ec2.send(new AttachInternetGatewayCommand({ VpcId: vpc, InternetGatewayId: gateway }));
  const { AllocationId } = await ec2.send(
    new AllocateAddressCommand({ Domain: "vpc", ...specification("elastic-ip", cluster) }),
  );
  const { NatGateway } = await ec2.send(
    new CreateNatGatewayCommand({ SubnetId: subnets[0], AllocationId, ...specification("natgateway", cluster) }),
  );
  const { RouteTable } = await ec2.send(
    new CreateRouteTableCommand({ VpcId: vpc, ...specification("route-table", cluster) }),
  );
  const { VpcEndpoint } = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId: vpc,
      ServiceName: `com.amazonaws.${settings.region}.s3`,
      VpcEndpointType: "Gateway",
      RouteTableIds: [RouteTable!.RouteTableId!],
      ...specification("vpc-endpoint", cluster),
    }),
  );
  const makeGroup = async (groupName: string, tags: TagRecord) => {
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({
        GroupName: groupName,
        Description: "planted",
        VpcId: vpc,
        ...specification("security-group", tags),
      }),
    );
    return GroupId!;
  };
  // EKS' own group carries EKS' tags only.
  const group = await makeGroup(`eks-cluster-sg-${name}-1234567`, { [`kubernetes.io/cluster/${name}`]: "owned" });
  const efs = await makeGroup(`${name}-efs`, cluster);
  // The two name each other, so that neither goes first.
  for (const [GroupId, other] of [
    [group, efs],
    [efs, group],
  ] as const) {
    const rule = { IpProtocol: "tcp", FromPort: 2049, ToPort: 2049, UserIdGroupPairs: [{ GroupId: other }] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule] }));
  }
  planted.push(
    `vpcs ${vpc}`,
    ...subnets.map((subnet) => `subnets ${subnet}`),
    `gateways ${gateway}`,
    `elastic-ips ${AllocationId!}`,
    `nat-gateways ${NatGateway!.NatGatewayId!}`,
    `route-tables ${RouteTable!.RouteTableId!}`,
    `endpoints ${VpcEndpoint!.VpcEndpointId!}`,
    `security-groups ${group}`,
    `security-groups ${efs}`,
  );
  return { vpc, subnets, group };
}

async function plantMachines(
  settings: AwsSettings,
  { name, cluster, prefix, planted, subnets, group, office }: Common & Network & { prefix: string; office: string },
): Promise<void> {
  const ec2 = new EC2Client(settings);
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ["amazon"], MaxResults: 5 }));
  const ImageId = Images[0]!.ImageId!;
  const karpenter = { ...cluster, [`kubernetes.io/cluster/${name}`]: "owned", "karpenter.sh/nodepool": "user-small" };
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId,
      InstanceType: "m7i.large",
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnets[0],
      ...specification("instance", karpenter),
    }),
  );
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: `${prefix}-core`,
      LaunchTemplateData: { ImageId, InstanceType: "m7i.large" },
      ...specification("launch-template", cluster),
    }),
  );
  const groupName = `eks-core-${prefix}`;
  await new AutoScalingClient(settings).send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: groupName,
      LaunchTemplate: { LaunchTemplateId: LaunchTemplate!.LaunchTemplateId! },
      MinSize: 0,
      MaxSize: 1,
      DesiredCapacity: 0,
      VPCZoneIdentifier: subnets[0],
      // EKS' tags; the node group's own do not reach it.
      Tags: [
        { Key: "eks:cluster-name", Value: name, ResourceId: groupName, ResourceType: "auto-scaling-group" },
        {
          Key: `kubernetes.io/cluster/${name}`,
          Value: "owned",
          ResourceId: groupName,
          ResourceType: "auto-scaling-group",
        },
      ],
    }),
  );
  const claim = {
    ...cluster,
    [`kubernetes.io/cluster/${name}`]: "owned",
    "ebs.csi.aws.com/cluster": "true",
    "kubernetes.io/created-for/pvc/name": "hub-db-dir",
  };
  const { VolumeId } = await ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: `${settings.region}a`,
      Size: 10,
      VolumeType: "gp3",
      ...specification("volume", claim),
    }),
  );
  const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId, ...specification("snapshot", claim) }));
  // As the CNI plugin leaves it when its node goes too fast.
  const { NetworkInterface } = await ec2.send(
    new CreateNetworkInterfaceCommand({
      SubnetId: subnets[1],
      Groups: [group],
      Description: "aws-K8S-i-0123456789abcdef0",
      ...specification("network-interface", {
        "cluster.k8s.amazonaws.com/name": name,
        "node.k8s.amazonaws.com/instance_id": "i-0123456789abcdef0",
      }),
    }),
  );
  const port = Object.keys(cluster).length > 0 ? 443 : 8443;
  // As the service controller puts it into a group of the network that it was given.
  const { SecurityGroupRules = [] } = await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: office,
      IpPermissions: [{ IpProtocol: "tcp", FromPort: port, ToPort: port, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }],
      ...specification("security-group-rule", cluster),
    }),
  );
  planted.push(
    `instances ${Instances![0]!.InstanceId!}`,
    `launch-templates ${LaunchTemplate!.LaunchTemplateId!}`,
    `auto-scaling-groups ${groupName}`,
    `volumes ${VolumeId!}`,
    `snapshots ${SnapshotId!}`,
    `network-interfaces ${NetworkInterface!.NetworkInterfaceId!}`,
    `security-group-rules ${SecurityGroupRules[0]!.SecurityGroupRuleId!}`,
  );
}

async function plantBalancer(
  settings: AwsSettings,
  { name, cluster, planted, vpc, subnets }: Common & Network,
): Promise<string> {
  const elb = new ElasticLoadBalancingV2Client(settings);
  const balancerName = `a${name}0123456789`.slice(0, 32);
  const { LoadBalancers } = await elb.send(
    new CreateLoadBalancerCommand({
      Name: balancerName,
      Type: "network",
      Subnets: [...subnets],
      Tags: list({
        ...cluster,
        [`kubernetes.io/cluster/${name}`]: "owned",
        "kubernetes.io/service-name": "hub/proxy-public",
      }),
    }),
  );
  const balancer = LoadBalancers![0]!;
  // The service controller does not tag its target groups with what it tags its balancers.
  const makeTargets = async (targetsName: string) => {
    const { TargetGroups } = await elb.send(
      new CreateTargetGroupCommand({
        Name: targetsName,
        Protocol: "TCP",
        Port: 30443,
        VpcId: vpc,
        TargetType: "instance",
      }),
    );
    planted.push(`target-groups ${targetsName}`);
    return TargetGroups![0]!.TargetGroupArn!;
  };
  const used = await makeTargets(`k8s-${name}-used`);
  await makeTargets(`k8s-${name}-left`);
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: balancer.LoadBalancerArn!,
      Protocol: "TCP",
      Port: 443,
      DefaultActions: [{ Type: "forward", TargetGroupArn: used }],
    }),
  );
  const route53 = new Route53Client(settings);
  const { HostedZone } = await route53.send(
    new CreateHostedZoneCommand({ Name: `${name}.example.org`, CallerReference: name }),
  );
  const change = (Name: string, host: string) => ({
    Action: "CREATE" as const,
    ResourceRecordSet: {
      Name,
      Type: "A" as const,
      AliasTarget: { HostedZoneId: balancer.CanonicalHostedZoneId!, DNSName: host, EvaluateTargetHealth: false },
    },
  });
  await route53.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: HostedZone!.Id!,
      ChangeBatch: {
        Changes: [
          change(`hub.${name}.example.org`, balancer.DNSName!),
          change(`www.${name}.example.org`, `elsewhere.elb.${settings.region}.amazonaws.com`),
        ],
      },
    }),
  );
  const zone = HostedZone!.Id!.replace("/hostedzone/", "");
  planted.push(`load-balancers ${balancerName}`, `dns-records A hub.${name}.example.org. in ${zone}`);
  return zone;
}

/** With the record that proves it, and the mark of a hub whose load balancer is gone. */
async function plantCertificate(
  settings: AwsSettings,
  { name, cluster, planted, zone }: Common & { zone: string },
): Promise<void> {
  const acm = new ACMClient(settings);
  const id = cluster["hubctl:id"];
  const domain = `hub.${name}.example.org`;
  const request = { DomainName: domain, ValidationMethod: "DNS" as const };
  const { CertificateArn } = await acm.send(
    new RequestCertificateCommand({ ...request, ...(id !== undefined && { Tags: list(cluster) }) }),
  );
  if (id !== undefined) {
    const Tags = [{ Key: "hubctl:validation-zone", Value: zone }];
    await acm.send(new AddTagsToCertificateCommand({ CertificateArn, Tags }));
  }
  const proof = await eventually("the record that proves the domain", async () => {
    const { Certificate } = await acm.send(new DescribeCertificateCommand({ CertificateArn }));
    return Certificate?.DomainValidationOptions?.[0]?.ResourceRecord;
  });
  const gone = `gone.elb.${settings.region}.amazonaws.com`;
  const records: ResourceRecordSet[] = [
    { Name: proof.Name, Type: "CNAME", TTL: 300, ResourceRecords: [{ Value: proof.Value }] },
    {
      Name: `old.${name}.example.org`,
      Type: "A",
      AliasTarget: { HostedZoneId: "ZLMOA37VPKANP", DNSName: gone, EvaluateTargetHealth: false },
    },
  ];
  if (id !== undefined) {
    const Value = `"hubctl:id=${id} target=${gone}"`;
    records.push({ Name: `_hubctl.old.${name}.example.org`, Type: "TXT", TTL: 300, ResourceRecords: [{ Value }] });
  }
  const Changes = records.map((ResourceRecordSet) => ({ Action: "CREATE" as const, ResourceRecordSet }));
  await new Route53Client(settings).send(
    new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes } }),
  );
  // AWS issues it in its own time, which would look like a change that somebody else has made.
  await eventually("the certificate to be issued", async () => {
    const { Certificate } = await acm.send(new DescribeCertificateCommand({ CertificateArn }));
    return Certificate?.Status === "ISSUED";
  });
  const shown = (record: ResourceRecordSet) =>
    `dns-records ${record.Type!} ${record.Name!.replace(/\.$/, "")}. in ${zone}`;
  planted.push(`certificates ${CertificateArn!}`, ...records.map(shown));
}

async function plantData(
  settings: AwsSettings,
  {
    name,
    storage,
    cluster,
    prefix,
    planted,
    subnets,
    group,
  }: Common & Network & { storage: TagRecord; prefix: string },
): Promise<void> {
  const efs = new EFSClient(settings);
  const { FileSystemId, FileSystemArn } = await efs.send(
    new CreateFileSystemCommand({ CreationToken: prefix, Tags: list(storage) }),
  );
  const { MountTargetId } = await efs.send(
    new CreateMountTargetCommand({ FileSystemId, SubnetId: subnets[0], SecurityGroups: [group] }),
  );
  const { AccessPointId } = await efs.send(
    new CreateAccessPointCommand({ ClientToken: `${prefix}-home`, FileSystemId, Tags: list(storage) }),
  );
  const backup = new BackupClient(settings);
  await backup.send(new CreateBackupVaultCommand({ BackupVaultName: prefix, BackupVaultTags: storage }));
  const { BackupPlanId } = await backup.send(
    new CreateBackupPlanCommand({
      BackupPlan: { BackupPlanName: prefix, Rules: [{ RuleName: "daily", TargetBackupVaultName: prefix }] },
      BackupPlanTags: storage,
    }),
  );
  // In another vault, as EFS' automatic backups are.
  await backup.send(new CreateBackupVaultCommand({ BackupVaultName: `automatic-${name}` }));
  const { RecoveryPointArn } = await backup.send(
    new StartBackupJobCommand({
      BackupVaultName: `automatic-${name}`,
      ResourceArn: FileSystemArn,
      IamRoleArn: "arn:aws:iam::123456789012:role/backup",
    }),
  );
  const kms = new KMSClient(settings);
  const keyTags = Object.entries(storage).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: name, Tags: keyTags }));
  await kms.send(new CreateAliasCommand({ AliasName: `alias/${prefix}`, TargetKeyId: KeyMetadata!.KeyId! }));
  await new SecretsManagerClient(settings).send(
    new CreateSecretCommand({ Name: `hubctl/${name}/${prefix}`, SecretString: "{}", Tags: list(storage) }),
  );
  await new SSMClient(settings).send(
    new PutParameterCommand({ Name: `/hubctl/${prefix}`, Value: "1", Type: "String", Tags: list(cluster) }),
  );
  await new ECRClient(settings).send(new CreateRepositoryCommand({ repositoryName: prefix, tags: list(storage) }));
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  await s3.send(
    new CreateBucketCommand({
      Bucket: `${prefix}-data`,
      CreateBucketConfiguration: { LocationConstraint: settings.region as "us-east-2" },
    }),
  );
  if (Object.keys(storage).length > 0)
    await s3.send(new PutBucketTaggingCommand({ Bucket: `${prefix}-data`, Tagging: { TagSet: list(storage) } }));
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: `${prefix}-data`, VersioningConfiguration: { Status: "Enabled" } }),
  );
  for (const Body of ["one", "two"])
    await s3.send(new PutObjectCommand({ Bucket: `${prefix}-data`, Key: "file", Body }));
  planted.push(
    `file-systems ${FileSystemId!}`,
    `mount-targets ${MountTargetId!}`,
    `access-points ${AccessPointId!}`,
    `backup-vaults ${prefix}`,
    `backup-plans ${BackupPlanId!}`,
    `recovery-points ${RecoveryPointArn!}`,
    `kms-keys ${KeyMetadata!.KeyId!}`,
    `kms-aliases alias/${prefix}`,
    `secrets hubctl/${name}/${prefix}`,
    `parameters /hubctl/${prefix}`,
    `image-repositories ${prefix}`,
    `buckets ${prefix}-data`,
  );
}

async function plantIdentity(
  settings: AwsSettings,
  { cluster, prefix, planted }: Omit<Common, "name"> & { prefix: string },
): Promise<void> {
  const iam = new IAMClient(settings);
  const Tags = list(cluster);
  const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
  const rights = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:ListBucket", Resource: "*" }],
  });
  await iam.send(
    new CreateRoleCommand({
      RoleName: `${prefix}-user-node`,
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
      Tags,
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({ RoleName: `${prefix}-user-node`, PolicyName: "x", PolicyDocument: rights }),
  );
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: `${prefix}-data`, PolicyDocument: rights, Tags }),
  );
  await iam.send(new AttachRolePolicyCommand({ RoleName: `${prefix}-user-node`, PolicyArn: Policy!.Arn! }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: `${prefix}-user-node`, Tags }));
  await iam.send(
    new AddRoleToInstanceProfileCommand({
      InstanceProfileName: `${prefix}-user-node`,
      RoleName: `${prefix}-user-node`,
    }),
  );
  const { OpenIDConnectProviderArn } = await iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: `https://oidc.eks.${settings.region}.amazonaws.com/id/${prefix}`,
      ClientIDList: ["sts.amazonaws.com"],
      ThumbprintList: ["0".repeat(40)],
      Tags,
    }),
  );
  planted.push(
    `iam-roles ${prefix}-user-node`,
    `iam-policies ${Policy!.Arn!}`,
    `instance-profiles ${prefix}-user-node`,
    `oidc-providers ${OpenIDConnectProviderArn!}`,
  );
}

async function plantRest(
  settings: AwsSettings,
  { name, cluster, prefix, planted }: Common & { prefix: string },
): Promise<void> {
  const { QueueUrl } = await new SQSClient(settings).send(
    new CreateQueueCommand({ QueueName: `${prefix}-karpenter`, tags: cluster }),
  );
  const events = new EventBridgeClient(settings);
  await events.send(
    new PutRuleCommand({ Name: `${prefix}-node-spot`, EventPattern: '{"source":["aws.ec2"]}', Tags: list(cluster) }),
  );
  const [, , , account, queue] = QueueUrl!.split("/");
  await events.send(
    new PutTargetsCommand({
      Rule: `${prefix}-node-spot`,
      Targets: [{ Id: "queue", Arn: `arn:aws:sqs:${settings.region}:${account!}:${queue!}` }],
    }),
  );
  const logs = new CloudWatchLogsClient(settings);
  // As EKS writes it, without tags, and as something that knows its tags does.
  await logs.send(new CreateLogGroupCommand({ logGroupName: `/aws/eks/${name}/cluster` }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: `/hubctl/${prefix}`, tags: cluster }));
  planted.push(
    `queues ${prefix}-karpenter`,
    `event-rules ${prefix}-node-spot`,
    `log-groups /aws/eks/${name}/cluster`,
    `log-groups /hubctl/${prefix}`,
  );
}
