import type { ACMClient } from "@aws-sdk/client-acm";
import type { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import type { BackupClient } from "@aws-sdk/client-backup";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ECRClient } from "@aws-sdk/client-ecr";
import { EFSClient } from "@aws-sdk/client-efs";
import { EKSClient } from "@aws-sdk/client-eks";
import type { ElasticLoadBalancingClient } from "@aws-sdk/client-elastic-load-balancing";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { IAMClient } from "@aws-sdk/client-iam";
import type { KMSClient } from "@aws-sdk/client-kms";
import type { ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api";
import type { Route53Client } from "@aws-sdk/client-route-53";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { baseCredentials, loginCredentials, type CredentialsProvider, type Login } from "./login.ts";

/** The only place where SDK clients are made, so that region and retries are the same everywhere. */
export interface AwsClients {
  readonly region: string;
  /** Loaded when it is asked for: it takes more memory than all others together, and few runs need it. */
  ec2(): Promise<EC2Client>;
  readonly efs: EFSClient;
  readonly eks: EKSClient;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly ssm: SSMClient;
  readonly sts: STSClient;
  /** Of whoever is logged in; all others act as the role that is assumed, if there is one. */
  readonly loginSts: STSClient;
  /** Those that all clients but `loginSts` sign with. */
  readonly credentials: CredentialsProvider;
  /** Of services that only the inventory asks; each is loaded when it is asked for. */
  readonly rare: RareClients;
}

interface RareClients {
  acm(): Promise<ACMClient>;
  autoScaling(): Promise<AutoScalingClient>;
  backup(): Promise<BackupClient>;
  classicElb(): Promise<ElasticLoadBalancingClient>;
  ecr(): Promise<ECRClient>;
  events(): Promise<EventBridgeClient>;
  kms(): Promise<KMSClient>;
  logs(): Promise<CloudWatchLogsClient>;
  route53(): Promise<Route53Client>;
  sqs(): Promise<SQSClient>;
  tagging(): Promise<ResourceGroupsTaggingAPIClient>;
}

// Without limits a call whose connection died silently (a closed laptop) would be waited for for ever.
const timeouts = { connectionTimeout: 10_000, requestTimeout: 60_000, throwOnRequestTimeout: true };

/** Many calls in a row: "adaptive" slows down by itself when AWS begins to refuse them. */
export interface Pace {
  retryMode: "adaptive";
  maxAttempts: number;
}

export function createClients(region: string, login: Login = {}, pace?: Pace): AwsClients {
  // The SDK warns about Node 20 on every start; the engines field and the README say what is supported.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  const base = baseCredentials(login);
  const credentials = loginCredentials(login, region, base);
  const shared = { region, maxAttempts: 5, requestHandler: timeouts, credentials, ...pace };
  return {
    region,
    async ec2() {
      const { EC2Client } = await import("@aws-sdk/client-ec2");
      return nameCallsInErrors(new EC2Client(shared));
    },
    efs: nameCallsInErrors(new EFSClient(shared)),
    eks: nameCallsInErrors(new EKSClient(shared)),
    elb: nameCallsInErrors(new ElasticLoadBalancingV2Client(shared)),
    iam: nameCallsInErrors(new IAMClient(shared)),
    s3: nameCallsInErrors(new S3Client(shared)),
    secrets: nameCallsInErrors(new SecretsManagerClient(shared)),
    ssm: nameCallsInErrors(new SSMClient(shared)),
    sts: nameCallsInErrors(new STSClient(shared)),
    loginSts: nameCallsInErrors(new STSClient({ ...shared, credentials: base })),
    credentials,
    rare: rareClients(shared),
  };
}

function rareClients(shared: ClientSettings): RareClients {
  return {
    acm: once(async () => new (await import("@aws-sdk/client-acm")).ACMClient(shared)),
    autoScaling: once(async () => new (await import("@aws-sdk/client-auto-scaling")).AutoScalingClient(shared)),
    backup: once(async () => new (await import("@aws-sdk/client-backup")).BackupClient(shared)),
    classicElb: once(
      async () => new (await import("@aws-sdk/client-elastic-load-balancing")).ElasticLoadBalancingClient(shared),
    ),
    ecr: once(async () => new (await import("@aws-sdk/client-ecr")).ECRClient(shared)),
    events: once(async () => new (await import("@aws-sdk/client-eventbridge")).EventBridgeClient(shared)),
    kms: once(async () => new (await import("@aws-sdk/client-kms")).KMSClient(shared)),
    logs: once(async () => new (await import("@aws-sdk/client-cloudwatch-logs")).CloudWatchLogsClient(shared)),
    route53: once(async () => new (await import("@aws-sdk/client-route-53")).Route53Client(shared)),
    sqs: once(async () => new (await import("@aws-sdk/client-sqs")).SQSClient(shared)),
    tagging: once(
      async () =>
        new (await import("@aws-sdk/client-resource-groups-tagging-api")).ResourceGroupsTaggingAPIClient(shared),
    ),
  };
}

/** Route 53 as a role that whoever works on the deployment may assume: of another account, which keeps the zone. */
export async function createRoute53(region: string, login: Login, assumeRole: string): Promise<Route53Client> {
  const { Route53Client } = await import("@aws-sdk/client-route-53");
  const credentials = loginCredentials({ assumeRole }, region, loginCredentials(login, region));
  return nameCallsInErrors(new Route53Client({ region, maxAttempts: 5, requestHandler: timeouts, credentials }));
}

/** What all clients are made with. */
interface ClientSettings extends Partial<Pace> {
  region: string;
  maxAttempts: number;
  requestHandler: typeof timeouts;
  credentials: CredentialsProvider;
}

function once<Made extends Client>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | undefined;
  return () => (made ??= make().then(nameCallsInErrors));
}

/** The part of an SDK client that is used here. */
interface Client {
  middlewareStack: { add(middleware: typeof nameCall, options: { step: "initialize" }): void };
}

function nameCallsInErrors<Made extends Client>(client: Made): Made {
  client.middlewareStack.add(nameCall, { step: "initialize" });
  return client;
}

/** AWS's own words seldom tell which call was refused, and whoever asks for a permission must know. */
function nameCall<Args, Answer>(
  next: (args: Args) => Promise<Answer>,
  context: { clientName?: string; commandName?: string },
): (args: Args) => Promise<Answer> {
  const service = context.clientName?.replace(/Client$/, "") ?? "";
  const operation = context.commandName?.replace(/Command$/, "") ?? "";
  return async (args) => {
    try {
      return await next(args);
    } catch (error) {
      throw error instanceof Error ? Object.assign(error, { call: `${service} ${operation}` }) : error;
    }
  };
}
