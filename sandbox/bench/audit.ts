import { CloudWatchLogsClient, CreateLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateSecurityGroupCommand, CreateSnapshotCommand, CreateVolumeCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { hubctlProgram } from "../example.ts";
import type { Measurement } from "./measurement.ts";
import { peakMemory, runTimed } from "./run-timed.ts";

/** Looks for deployments in an account in which others have 10,000 things. */
export async function measureAudit(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Measurement[]> {
  // The SDK's advice about Node 20 would stand among the results.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  const count = await plantForeign(env, signal);
  let peak = NaN;
  const watch = (pid: number) => (peak = peakMemory(pid) ?? peak);
  const args = [hubctlProgram, "audit", "--json"];
  const { seconds, stdout } = await runTimed({ file: process.execPath, args, env }, { signal, watch });
  const { resources } = JSON.parse(stdout) as { resources: unknown[] };
  const detail = `${resources.length} of hubctl's among ${count} of others`;
  return [
    { what: "hubctl audit", samples: [seconds], bound: 60, unit: "s", detail },
    { what: "peak memory of hubctl audit", samples: [peak / 1e6], bound: 300, unit: "MB", detail },
  ];
}

/** Gives how many there are now. */
async function plantForeign(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const settings = {
    endpoint: env["AWS_ENDPOINT_URL"] ?? "",
    region: env["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  };
  const makers = foreignMakers(settings);
  // One after the other for each service: some of moto's calls fail side by side.
  const plant = async ({ count, make }: ForeignMaker) => {
    for (let index = 0; index < count; index++) {
      signal.throwIfAborted();
      await make(index);
    }
  };
  await Promise.all(makers.map(plant));
  return makers.reduce((sum, { count }) => sum + count, 0);
}

interface Settings {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

interface ForeignMaker {
  count: number;
  make: (index: number) => Promise<unknown>;
}

function foreignMakers(settings: Settings): ForeignMaker[] {
  const ec2 = new EC2Client(settings);
  const iam = new IAMClient(settings);
  const logs = new CloudWatchLogsClient(settings);
  const secrets = new SecretsManagerClient(settings);
  const sqs = new SQSClient(settings);
  const ssm = new SSMClient(settings);
  const Tags = [{ Key: "team", Value: "others" }];
  const TagSpecifications = (ResourceType: "security-group" | "snapshot") => [{ ResourceType, Tags }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  let volume: Promise<string | undefined> | undefined;
  const volumeId = () =>
    (volume ??= ec2
      .send(new CreateVolumeCommand({ AvailabilityZone: `${settings.region}a`, Size: 1 }))
      .then(({ VolumeId }) => VolumeId));
  return [
    {
      count: 2500,
      make: (index) => sqs.send(new CreateQueueCommand({ QueueName: `others-${index}`, tags: { team: "others" } })),
    },
    {
      count: 2000,
      make: (index) =>
        logs.send(new CreateLogGroupCommand({ logGroupName: `/others/${index}`, tags: { team: "others" } })),
    },
    {
      count: 2000,
      make: (index) =>
        ssm.send(new PutParameterCommand({ Name: `/others/${index}`, Value: "1", Type: "String", Tags })),
    },
    {
      count: 1500,
      make: async () =>
        ec2.send(
          new CreateSnapshotCommand({ VolumeId: await volumeId(), TagSpecifications: TagSpecifications("snapshot") }),
        ),
    },
    {
      count: 1000,
      make: (index) =>
        ec2.send(
          new CreateSecurityGroupCommand({
            GroupName: `others-${index}`,
            Description: "others",
            TagSpecifications: TagSpecifications("security-group"),
          }),
        ),
    },
    {
      count: 500,
      // Names that could be hubctl's, so that each is asked for its tags.
      make: (index) =>
        iam.send(
          new CreateRoleCommand({
            RoleName: `others-${index.toString(16).padStart(8, "0")}-role`,
            AssumeRolePolicyDocument,
            Tags,
          }),
        ),
    },
    {
      count: 500,
      make: (index) => secrets.send(new CreateSecretCommand({ Name: `others/${index}`, SecretString: "x", Tags })),
    },
  ];
}
