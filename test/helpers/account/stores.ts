import { createHash } from "node:crypto";
import {
  ACMClient,
  DescribeCertificateCommand,
  ListTagsForCertificateCommand,
  paginateListCertificates,
} from "@aws-sdk/client-acm";
import {
  BackupClient,
  GetBackupPlanCommand,
  ListTagsCommand,
  paginateListBackupPlans,
  paginateListBackupSelections,
  paginateListBackupVaults,
  paginateListRecoveryPointsByBackupVault,
} from "@aws-sdk/client-backup";
import {
  ECRClient,
  ListTagsForResourceCommand as ListRepositoryTagsCommand,
  paginateDescribeImages,
  paginateDescribeRepositories,
} from "@aws-sdk/client-ecr";
import {
  DescribeBackupPolicyCommand,
  DescribeFileSystemPolicyCommand,
  DescribeLifecycleConfigurationCommand,
  DescribeMountTargetSecurityGroupsCommand,
  EFSClient,
  paginateDescribeAccessPoints,
  paginateDescribeFileSystems,
  paginateDescribeMountTargets,
} from "@aws-sdk/client-efs";
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListResourceTagsCommand,
  paginateListAliases,
  paginateListKeys,
} from "@aws-sdk/client-kms";
import {
  ListResourceRecordSetsCommand,
  ListTagsForResourceCommand as ListZoneTagsCommand,
  paginateListHealthChecks,
  paginateListHostedZones,
  Route53Client,
  type ResourceRecordSet,
} from "@aws-sdk/client-route-53";
import { GetSecretValueCommand, paginateListSecrets, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  GetParameterCommand,
  ListTagsForResourceCommand as ListParameterTagsCommand,
  paginateDescribeParameters,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { collect, mapEach, unless, type Listed, type Listing } from "./listing.ts";

/** What keeps data, secrets, names and keys. */
export const storeListings: Record<string, Listing> = {
  "file system": async (settings) => {
    const client = new EFSClient(settings);
    const systems = await collect(paginateDescribeFileSystems({ client }, {}), ({ FileSystems }) => FileSystems);
    return await mapEach(systems, async (system): Promise<Listed> => {
      const { FileSystemId = "" } = system;
      const policy = await unless(
        ["PolicyNotFound"],
        client.send(new DescribeFileSystemPolicyCommand({ FileSystemId })),
      );
      const backup = await unless(["PolicyNotFound"], client.send(new DescribeBackupPolicyCommand({ FileSystemId })));
      const lifecycle = await client.send(new DescribeLifecycleConfigurationCommand({ FileSystemId }));
      return [
        FileSystemId,
        {
          ...system,
          // AWS tells when it has measured, too.
          SizeInBytes: system.SizeInBytes?.Value,
          policy: policy?.Policy,
          backup: backup?.BackupPolicy,
          lifecycle: lifecycle.LifecyclePolicies,
        },
      ];
    });
  },
  "mount target": async (settings) => {
    const client = new EFSClient(settings);
    const systems = await collect(paginateDescribeFileSystems({ client }, {}), ({ FileSystems }) => FileSystems);
    const targets = await mapEach(systems, ({ FileSystemId }) =>
      collect(paginateDescribeMountTargets({ client }, { FileSystemId }), ({ MountTargets }) => MountTargets),
    );
    return await mapEach(targets.flat(), async (target): Promise<Listed> => {
      const { MountTargetId = "" } = target;
      const { SecurityGroups } = await client.send(new DescribeMountTargetSecurityGroupsCommand({ MountTargetId }));
      return [MountTargetId, { ...target, SecurityGroups }];
    });
  },
  "access point": async (settings) => {
    const pages = paginateDescribeAccessPoints({ client: new EFSClient(settings) }, {});
    return (await collect(pages, ({ AccessPoints }) => AccessPoints)).map((one): Listed => [
      one.AccessPointId ?? "",
      one,
    ]);
  },
  "backup vault": async (settings) => {
    const client = new BackupClient(settings);
    return await mapEach(await listVaults(client), async ({ BackupVaultName = "", ...vault }): Promise<Listed> => {
      const { Tags } = await client.send(new ListTagsCommand({ ResourceArn: vault.BackupVaultArn }));
      return [BackupVaultName, { ...vault, Tags }];
    });
  },
  "recovery point": async (settings) => {
    const client = new BackupClient(settings);
    const points = await mapEach(await listVaults(client), ({ BackupVaultName }) => {
      const pages = paginateListRecoveryPointsByBackupVault({ client }, { BackupVaultName });
      return collect(pages, ({ RecoveryPoints }) => RecoveryPoints);
    });
    return points.flat().map((point): Listed => [point.RecoveryPointArn ?? "", point]);
  },
  "backup plan": async (settings) => {
    const client = new BackupClient(settings);
    const plans = await collect(paginateListBackupPlans({ client }, {}), ({ BackupPlansList }) => BackupPlansList);
    return await mapEach(plans, async ({ BackupPlanId = "", BackupPlanArn }): Promise<Listed> => {
      const { BackupPlan } = await client.send(new GetBackupPlanCommand({ BackupPlanId }));
      const pages = paginateListBackupSelections({ client }, { BackupPlanId });
      const selections = await collect(pages, ({ BackupSelectionsList }) => BackupSelectionsList);
      const { Tags } = await client.send(new ListTagsCommand({ ResourceArn: BackupPlanArn }));
      return [BackupPlanId, { BackupPlan, selections, Tags }];
    });
  },
  "KMS key": async (settings) => {
    const client = new KMSClient(settings);
    const keys = await collect(paginateListKeys({ client }, {}), ({ Keys }) => Keys);
    return await mapEach(keys, async ({ KeyId = "" }): Promise<Listed> => {
      const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }));
      const { Policy } = await client.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" }));
      const { Tags } = await client.send(new ListResourceTagsCommand({ KeyId }));
      return [KeyId, { ...KeyMetadata, Policy, Tags }];
    });
  },
  "KMS alias": async (settings) => {
    const pages = paginateListAliases({ client: new KMSClient(settings) }, {});
    return (await collect(pages, ({ Aliases }) => Aliases)).map((alias): Listed => [alias.AliasName ?? "", alias]);
  },
  secret: async (settings) => {
    const client = new SecretsManagerClient(settings);
    const pages = paginateListSecrets({ client }, { IncludePlannedDeletion: true });
    const secrets = await collect(pages, ({ SecretList }) => SecretList);
    return await mapEach(secrets, async (listed): Promise<Listed> => {
      // hubctl only looks at it, which AWS notes by the day.
      const secret = { ...listed, LastAccessedDate: undefined };
      const { ARN: SecretId = "", DeletedDate } = secret;
      if (DeletedDate !== undefined) return [SecretId, secret];
      const answer = await unless(["ResourceNotFoundException"], client.send(new GetSecretValueCommand({ SecretId })));
      return [SecretId, { ...secret, value: answer && digest(answer.SecretString ?? answer.SecretBinary ?? "") }];
    });
  },
  parameter: async (settings) => {
    const client = new SSMClient(settings);
    const parameters = await collect(paginateDescribeParameters({ client }, {}), ({ Parameters }) => Parameters);
    return await mapEach(parameters, async (parameter): Promise<Listed> => {
      const { Name = "" } = parameter;
      const { Parameter } = await client.send(new GetParameterCommand({ Name, WithDecryption: true }));
      const { TagList } = await client.send(
        new ListParameterTagsCommand({ ResourceType: "Parameter", ResourceId: Name }),
      );
      return [Name, { ...parameter, value: digest(Parameter?.Value ?? ""), TagList }];
    });
  },
  "image repository": async (settings) => {
    const client = new ECRClient(settings);
    const repositories = await collect(paginateDescribeRepositories({ client }, {}), (page) => page.repositories);
    return await mapEach(repositories, async (repository): Promise<Listed> => {
      const { repositoryName = "", repositoryArn } = repository;
      const images = await collect(paginateDescribeImages({ client }, { repositoryName }), (page) => page.imageDetails);
      const { tags } = await client.send(new ListRepositoryTagsCommand({ resourceArn: repositoryArn }));
      return [repositoryName, { ...repository, images, tags }];
    });
  },
  certificate: async (settings) => {
    const client = new ACMClient(settings);
    const pages = paginateListCertificates({ client }, {});
    const certificates = await collect(pages, ({ CertificateSummaryList }) => CertificateSummaryList);
    return await mapEach(certificates, async ({ CertificateArn = "" }): Promise<Listed> => {
      const { Certificate } = await client.send(new DescribeCertificateCommand({ CertificateArn }));
      const { Tags } = await client.send(new ListTagsForCertificateCommand({ CertificateArn }));
      return [CertificateArn, { ...Certificate, Tags }];
    });
  },
  "hosted zone": async (settings) => {
    const client = new Route53Client(settings);
    return await mapEach(await listZones(client), async ({ Id = "", ...zone }): Promise<Listed> => {
      const ResourceId = Id.replace("/hostedzone/", "");
      const { ResourceTagSet } = await client.send(new ListZoneTagsCommand({ ResourceType: "hostedzone", ResourceId }));
      return [Id, { ...zone, tags: ResourceTagSet?.Tags }];
    });
  },
  "DNS record": async (settings) => {
    const client = new Route53Client(settings);
    const records = await mapEach(await listZones(client), async ({ Id: HostedZoneId = "" }) => {
      const page = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
      // The SDK has no paginator for them, and no test has as many.
      if (page.IsTruncated) throw new Error(`${HostedZoneId} has more records than one page shows`);
      const identified = ({ Type, Name, SetIdentifier }: ResourceRecordSet) =>
        [HostedZoneId, Type, Name, SetIdentifier].filter(Boolean).join(" ");
      return (page.ResourceRecordSets ?? []).map((record): Listed => [identified(record), record]);
    });
    return records.flat();
  },
  "health check": async (settings) => {
    const pages = paginateListHealthChecks({ client: new Route53Client(settings) }, {});
    return (await collect(pages, ({ HealthChecks }) => HealthChecks)).map((check): Listed => [check.Id ?? "", check]);
  },
};

function listVaults(client: BackupClient) {
  return collect(paginateListBackupVaults({ client }, {}), ({ BackupVaultList }) => BackupVaultList);
}

function listZones(client: Route53Client) {
  return collect(paginateListHostedZones({ client }, {}), ({ HostedZones }) => HostedZones);
}

/** Whether a secret is the same, without keeping it. */
function digest(value: string | Uint8Array): string {
  return createHash("sha256").update(value).digest("hex");
}
