import { AutoScalingClient, CreateLaunchConfigurationCommand } from "@aws-sdk/client-auto-scaling";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateCarrierGatewayCommand,
  CreateDhcpOptionsCommand,
  CreateEgressOnlyInternetGatewayCommand,
  CreateFlowLogsCommand,
  CreateImageCommand,
  CreateKeyPairCommand,
  CreateManagedPrefixListCommand,
  CreateTagsCommand,
  CreateVpcPeeringConnectionCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  EC2Client,
  RequestSpotInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateLoadBalancerCommand, ElasticLoadBalancingClient } from "@aws-sdk/client-elastic-load-balancing";
import { EKSClient } from "@aws-sdk/client-eks";
import { CreateEventBusCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import {
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreateSAMLProviderCommand,
  CreateUserCommand,
  IAMClient,
  UploadServerCertificateCommand,
} from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import {
  ChangeResourceRecordSetsCommand,
  CreateHealthCheckCommand,
  ListHostedZonesCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountDifferences, kinds, readAccount } from "../helpers/account-contents.ts";
import { createForeignCluster } from "../helpers/foreign-cluster.ts";
import { plantDeployment, plantOffice, type AwsSettings } from "../helpers/plant-orphans.ts";
import { region, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";

let aws: SimulatedAws | undefined;
let settings: AwsSettings;

beforeAll(async () => {
  const { front, seeded } = (aws = await startSimulatedAws());
  settings = { endpoint: front.url, region, credentials: seeded.operator };
}, 120_000);

afterAll(() => aws?.stop());

test("one thing more of any kind is named", { timeout: 120_000 }, async () => {
  const before = await readAccount(settings);
  expect(accountDifferences(before, await readAccount(settings))).toEqual([]);
  const office = await plantOffice(settings);
  const planted = await plantDeployment(settings, { name: "demo", id: "0123456789abcdef", office });
  await plantRareKinds();
  const differences = accountDifferences(before, await readAccount(settings));

  const found = differences.flatMap((line) => /^\+ ([^:]+): /.exec(line)?.[1] ?? []);
  expect([...new Set(found)].sort()).toEqual([...kinds].sort());
  for (const key of planted.filter((one) => !one.startsWith("dns-records"))) {
    const id = key.slice(key.indexOf(" ") + 1);
    expect(differences.filter((line) => line.split("\n")[0]?.includes(id))).not.toEqual([]);
  }
});

test("what has changed about a thing is named, with how it was before", async () => {
  const ec2 = new EC2Client(settings);
  const { Vpcs = [] } = await ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["true"] }] }),
  );
  const vpc = Vpcs[0]?.VpcId ?? "";
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: "vpc-id", Values: [vpc] }] }),
  );
  const group = SecurityGroups[0]?.GroupId ?? "";
  const before = await readAccount(settings);

  await ec2.send(new CreateTagsCommand({ Resources: [vpc], Tags: [{ Key: "forgotten", Value: "yes" }] }));
  const rule = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "10.1.2.0/24" }] };
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [rule] }));
  await new IAMClient(settings).send(
    new AttachUserPolicyCommand({ UserName: "operator", PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }),
  );
  const route53 = new Route53Client(settings);
  const { HostedZones = [] } = await route53.send(new ListHostedZonesCommand({}));
  const zone = HostedZones.find(({ Name }) => Name === "dandi.example.")?.Id;
  const record = { Name: "hub.dandi.example", Type: "TXT" as const, TTL: 60, ResourceRecords: [{ Value: '"left"' }] };
  const change = { Action: "CREATE" as const, ResourceRecordSet: record };
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes: [change] } }));

  const differences = accountDifferences(before, await readAccount(settings)).join("\n");
  expect(differences).toMatch(new RegExp(String.raw`~ vpc: ${vpc}\n +Tags: .* → .*forgotten`));
  expect(differences).toMatch(
    new RegExp(String.raw`~ security group: ${group}\n +IpPermissions: .* → .*10\.1\.2\.0/24`),
  );
  expect(differences).toMatch(/~ IAM user: operator\n +attached: .* → .*ReadOnlyAccess/);
  expect(differences).toMatch(/\+ DNS record: \/hostedzone\/\w+ TXT hub\.dandi\.example\./);
});

test("what AWS keeps for a while, whatever one does, is not named; what somebody else had is", async () => {
  const kms = new KMSClient(settings);
  const secrets = new SecretsManagerClient(settings);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId ?? "";
  await secrets.send(new CreateSecretCommand({ Name: "theirs", SecretString: "x" }));
  const before = await readAccount(settings);

  await secrets.send(new CreateSecretCommand({ Name: "ours", SecretString: "x" }));
  await secrets.send(new DeleteSecretCommand({ SecretId: "ours", RecoveryWindowInDays: 7 }));
  const key = await kms.send(new CreateKeyCommand({}));
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId: key.KeyMetadata?.KeyId, PendingWindowInDays: 7 }));
  expect(accountDifferences(before, await readAccount(settings))).toEqual([]);

  await secrets.send(new DeleteSecretCommand({ SecretId: "theirs", RecoveryWindowInDays: 7 }));
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  const names = accountDifferences(before, await readAccount(settings)).map((line) => line.split("\n")[0]);
  expect(names).toEqual([`~ KMS key: ${KeyId}`, expect.stringMatching(/^~ secret: .*theirs/)]);
});

/** What plantDeployment has none of, since hubctl never makes it. */
async function plantRareKinds(): Promise<void> {
  const ec2 = new EC2Client(settings);
  const iam = new IAMClient(settings);
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  const [VpcId = "", PeerVpcId = ""] = Vpcs.map((vpc) => vpc.VpcId);
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const instance = Reservations[0]?.Instances?.[0];
  await ec2.send(new CreateImageCommand({ InstanceId: instance?.InstanceId, Name: "copy" }));
  await ec2.send(new CreateKeyPairCommand({ KeyName: "left" }));
  const servers = [{ Key: "domain-name", Values: ["example.org"] }];
  await ec2.send(new CreateDhcpOptionsCommand({ DhcpConfigurations: servers }));
  await ec2.send(new CreateEgressOnlyInternetGatewayCommand({ VpcId }));
  await ec2.send(new CreateCarrierGatewayCommand({ VpcId }));
  await ec2.send(new CreateVpcPeeringConnectionCommand({ VpcId, PeerVpcId }));
  await ec2.send(new CreateManagedPrefixListCommand({ PrefixListName: "x", MaxEntries: 1, AddressFamily: "IPv4" }));
  await ec2.send(
    new CreateFlowLogsCommand({
      ResourceIds: [VpcId],
      ResourceType: "VPC",
      TrafficType: "ALL",
      LogDestinationType: "cloud-watch-logs",
      LogGroupName: "/hubctl/demo-01234567",
      DeliverLogsPermissionArn: "arn:aws:iam::123456789012:role/demo-01234567-user-node",
    }),
  );
  await ec2.send(
    new RequestSpotInstancesCommand({
      LaunchSpecification: { ImageId: instance?.ImageId, InstanceType: "m7i.large", SubnetId: instance?.SubnetId },
    }),
  );
  await new AutoScalingClient(settings).send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName: "old",
      ImageId: instance?.ImageId,
      InstanceType: "m7i.large",
    }),
  );
  await new ElasticLoadBalancingClient(settings).send(
    new CreateLoadBalancerCommand({
      LoadBalancerName: "old",
      Listeners: [{ Protocol: "TCP", LoadBalancerPort: 80, InstancePort: 80 }],
      AvailabilityZones: [`${region}a`],
    }),
  );
  await createForeignCluster({ ec2, eks: new EKSClient(settings), iam }, "old");
  await new EventBridgeClient(settings).send(new CreateEventBusCommand({ Name: "left" }));
  await iam.send(new CreateUserCommand({ UserName: "left" }));
  await iam.send(new CreateGroupCommand({ GroupName: "left" }));
  await iam.send(new CreateSAMLProviderCommand({ Name: "left", SAMLMetadataDocument: "x".repeat(1024) }));
  await iam.send(
    new UploadServerCertificateCommand({ ServerCertificateName: "left", CertificateBody: "x", PrivateKey: "x" }),
  );
  await new Route53Client(settings).send(
    new CreateHealthCheckCommand({
      CallerReference: "left",
      HealthCheckConfig: { Type: "HTTP", FullyQualifiedDomainName: "example.org", Port: 80 },
    }),
  );
}
