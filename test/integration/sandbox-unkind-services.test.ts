import { ACMClient, DeleteCertificateCommand, DescribeCertificateCommand } from "@aws-sdk/client-acm";
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSubnetCommand,
  DescribeNetworkInterfacesCommand,
  DetachInternetGatewayCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  DeleteFileSystemCommand,
  DeleteMountTargetCommand,
  DescribeFileSystemPolicyCommand,
  DescribeFileSystemsCommand,
  DescribeMountTargetsCommand,
} from "@aws-sdk/client-efs";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeTargetGroupsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { beforeAll, expect, test } from "vitest";
import { awsSettings, clientsFor } from "../helpers/aws-clients.ts";
import { eventually } from "../helpers/eventually.ts";
import { issueCertificate } from "../helpers/issued-certificate.ts";
import { region, startSimulatedAws } from "../helpers/simulated-aws.ts";

let settings: ReturnType<typeof awsSettings>;
let aws: ReturnType<typeof clientsFor> & { acm: ACMClient; kms: KMSClient; secrets: SecretsManagerClient };

beforeAll(async () => {
  const simulated = await startSimulatedAws();
  settings = awsSettings(simulated.env);
  const more = { acm: new ACMClient(settings), kms: new KMSClient(settings) };
  aws = { ...clientsFor(simulated.env), ...more, secrets: new SecretsManagerClient(settings) };
  return async () => await simulated.stop();
}, 120_000);

async function makeNetwork() {
  const { Vpc: vpc } = await aws.ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const VpcId = vpc!.VpcId!;
  const { InternetGateway: gateway } = await aws.ec2.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = gateway!.InternetGatewayId!;
  await aws.ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId }));
  const { Subnet: subnet } = await aws.ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: "10.0.0.0/24" }));
  return { VpcId, InternetGatewayId, SubnetId: subnet!.SubnetId! };
}

async function interfacesIn(SubnetId: string) {
  const Filters = [{ Name: "subnet-id", Values: [SubnetId] }];
  const { NetworkInterfaces: found } = await aws.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return found!;
}

async function makeLoadBalancer(Name: string, SubnetId: string, VpcId: string) {
  const { LoadBalancers: made } = await aws.elb.send(
    new CreateLoadBalancerCommand({ Name, Type: "network", Subnets: [SubnetId] }),
  );
  const LoadBalancerArn = made![0]!.LoadBalancerArn!;
  const CertificateArn = await issueCertificate(settings, `${Name}.example`);
  const { TargetGroups: groups } = await aws.elb.send(
    new CreateTargetGroupCommand({ Name: `${Name}-group`, VpcId, Protocol: "TCP", Port: 80 }),
  );
  const TargetGroupArn = groups![0]!.TargetGroupArn!;
  await aws.elb.send(
    new CreateListenerCommand({
      LoadBalancerArn,
      Protocol: "TLS",
      Port: 443,
      Certificates: [{ CertificateArn }],
      DefaultActions: [{ Type: "forward", TargetGroupArn }],
    }),
  );
  return { LoadBalancerArn, TargetGroupArn, CertificateArn };
}

test("a load balancer's interfaces, certificate and, each second time, target group outlive it by seconds", async () => {
  const { VpcId, SubnetId, InternetGatewayId } = await makeNetwork();
  const { LoadBalancerArn, TargetGroupArn, CertificateArn } = await makeLoadBalancer("first", SubnetId, VpcId);
  const description = `ELB ${LoadBalancerArn.split(":loadbalancer/")[1]}`;
  const [held] = await interfacesIn(SubnetId);
  expect(held).toMatchObject({ Description: description, RequesterManaged: true, Status: "in-use" });
  expect(held!.Association).toMatchObject({ IpOwnerId: "amazon-elb" });
  const { NetworkInterfaceId } = held!;
  await expect(aws.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))).rejects.toMatchObject({
    name: "InvalidParameterValue",
  });
  const sameGroup = new CreateTargetGroupCommand({ Name: "first-group", VpcId, Protocol: "TCP", Port: 80 });
  expect((await aws.elb.send(sameGroup)).TargetGroups).toMatchObject([{ TargetGroupArn }]);
  const otherGroup = new CreateTargetGroupCommand({ Name: "first-group", VpcId, Protocol: "TCP", Port: 81 });
  await expect(aws.elb.send(otherGroup)).rejects.toMatchObject({ name: "DuplicateTargetGroupNameException" });
  const removeGroup = async () => await aws.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
  await expect(removeGroup()).rejects.toMatchObject({ name: "ResourceInUseException" });
  const removeCertificate = async () => await aws.acm.send(new DeleteCertificateCommand({ CertificateArn }));
  await expect(removeCertificate()).rejects.toMatchObject({ name: "ResourceInUseException" });

  await aws.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
  await expect(removeGroup()).rejects.toMatchObject({ name: "ResourceInUseException" });
  await expect(removeCertificate()).rejects.toMatchObject({ name: "ResourceInUseException" });
  const detach = new DetachInternetGatewayCommand({ VpcId, InternetGatewayId });
  await expect(aws.ec2.send(detach)).rejects.toMatchObject({ name: "DependencyViolation" });
  await expect(aws.ec2.send(new DeleteSubnetCommand({ SubnetId }))).rejects.toMatchObject({
    name: "DependencyViolation",
  });
  await eventually("the interfaces' end", async () => (await interfacesIn(SubnetId)).length === 0);
  const { TargetGroups: left } = await aws.elb.send(
    new DescribeTargetGroupsCommand({ TargetGroupArns: [TargetGroupArn] }),
  );
  expect(left).toMatchObject([{ LoadBalancerArns: [] }]);
  await removeGroup();
  const { Certificate: certificate } = await aws.acm.send(new DescribeCertificateCommand({ CertificateArn }));
  expect(certificate!.InUseBy).toEqual([]);
  await removeCertificate();
  await aws.ec2.send(detach);

  await aws.ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId }));
  const second = await makeLoadBalancer("second", SubnetId, VpcId);
  await aws.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: second.LoadBalancerArn }));
  await aws.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: second.TargetGroupArn }));
});

test("mount targets and file systems are being deleted for a while, and hold their subnet as long", async () => {
  const { SubnetId } = await makeNetwork();
  const { FileSystemId } = await aws.efs.send(new CreateFileSystemCommand({ CreationToken: "unkind" }));
  const { MountTargetId } = await aws.efs.send(new CreateMountTargetCommand({ FileSystemId, SubnetId }));
  const [held] = await interfacesIn(SubnetId);
  expect(held).toMatchObject({ Description: `EFS mount target for ${FileSystemId} (${MountTargetId})` });
  await aws.efs.send(new DeleteMountTargetCommand({ MountTargetId }));
  const describe = async () => await aws.efs.send(new DescribeMountTargetsCommand({ FileSystemId }));
  expect((await describe()).MountTargets).toMatchObject([{ LifeCycleState: "deleting" }]);
  await expect(aws.ec2.send(new DeleteSubnetCommand({ SubnetId }))).rejects.toMatchObject({
    name: "DependencyViolation",
  });
  await expect(aws.efs.send(new DeleteFileSystemCommand({ FileSystemId }))).rejects.toMatchObject({
    name: "FileSystemInUse",
  });
  await eventually("the mount target's end", async () => (await describe()).MountTargets?.length === 0);
  await aws.ec2.send(new DeleteSubnetCommand({ SubnetId }));
  await aws.efs.send(new DeleteFileSystemCommand({ FileSystemId }));
  const { FileSystems: going } = await aws.efs.send(new DescribeFileSystemsCommand({ FileSystemId }));
  expect(going).toMatchObject([{ LifeCycleState: "deleting" }]);
  await eventually("the file system's end", async () => {
    const { FileSystems: left } = await aws.efs.send(new DescribeFileSystemsCommand({}));
    return left!.every((one) => one.FileSystemId !== FileSystemId);
  });
  await expect(aws.efs.send(new DescribeFileSystemPolicyCommand({ FileSystemId }))).rejects.toMatchObject({
    name: "FileSystemNotFound",
  });
});

test("a key waits 7 to 30 days for its end, and does nothing meanwhile", async () => {
  const { KeyMetadata: made } = await aws.kms.send(new CreateKeyCommand({}));
  const KeyId = made!.KeyId!;
  const soon = new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 6 });
  await expect(aws.kms.send(soon)).rejects.toMatchObject({ name: expect.stringContaining("Validation") as string });
  await aws.kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  const { KeyMetadata: pending } = await aws.kms.send(new DescribeKeyCommand({ KeyId }));
  expect(pending).toMatchObject({ KeyState: "PendingDeletion", DeletionDate: expect.any(Date) as Date });
  const refusal = { name: "KMSInvalidStateException", message: `${made!.Arn!} is pending deletion.` };
  for (const command of [
    new EncryptCommand({ KeyId, Plaintext: Buffer.from("text") }),
    new CreateAliasCommand({ AliasName: "alias/unkind", TargetKeyId: KeyId }),
    new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }),
  ]) {
    await expect(aws.kms.send(command as EncryptCommand)).rejects.toMatchObject(refusal);
  }
  await aws.kms.send(new CancelKeyDeletionCommand({ KeyId }));
});

test("a secret's name stays taken while its deletion is scheduled", async () => {
  const create = async () => await aws.secrets.send(new CreateSecretCommand({ Name: "unkind", SecretString: "1" }));
  await create();
  await aws.secrets.send(new DeleteSecretCommand({ SecretId: "unkind", RecoveryWindowInDays: 7 }));
  expect((await aws.secrets.send(new ListSecretsCommand({}))).SecretList).toEqual([]);
  await expect(create()).rejects.toMatchObject({
    name: "InvalidRequestException",
    message: expect.stringContaining("already scheduled for deletion") as string,
  });
  await aws.secrets.send(new DeleteSecretCommand({ SecretId: "unkind", ForceDeleteWithoutRecovery: true }));
  await create();
});

test("a bucket goes only without any version or delete marker", async () => {
  const Bucket = "unkind-bucket";
  await aws.s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
  await aws.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const { VersionId: version } = await aws.s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "text" }));
  const { VersionId: marker } = await aws.s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  const remove = async () => await aws.s3.send(new DeleteBucketCommand({ Bucket }));
  await expect(remove()).rejects.toMatchObject({ name: "BucketNotEmpty" });
  await aws.s3.send(new DeleteObjectCommand({ Bucket, Key: "key", VersionId: version }));
  await expect(remove()).rejects.toMatchObject({ name: "BucketNotEmpty" });
  await aws.s3.send(new DeleteObjectCommand({ Bucket, Key: "key", VersionId: marker }));
  await remove();
});

test("a role goes without policies, and a policy without roles", async () => {
  const allow = { Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" };
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [allow] });
  const { Policy: policy } = await aws.iam.send(new CreatePolicyCommand({ PolicyName: "unkind", PolicyDocument }));
  const PolicyArn = policy!.Arn!;
  const trust = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  await aws.iam.send(new CreateRoleCommand({ RoleName: "unkind", AssumeRolePolicyDocument }));
  await aws.iam.send(new AttachRolePolicyCommand({ RoleName: "unkind", PolicyArn }));
  const conflict = { name: "DeleteConflictException" };
  await expect(aws.iam.send(new DeleteRoleCommand({ RoleName: "unkind" }))).rejects.toMatchObject(conflict);
  await expect(aws.iam.send(new DeletePolicyCommand({ PolicyArn }))).rejects.toMatchObject(conflict);
  await aws.iam.send(new DetachRolePolicyCommand({ RoleName: "unkind", PolicyArn }));
  await aws.iam.send(new DeleteRoleCommand({ RoleName: "unkind" }));
  await aws.iam.send(new DeletePolicyCommand({ PolicyArn }));
});
