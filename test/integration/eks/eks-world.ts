import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { CreateRoleCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { EksService } from "../../../sandbox/aws/eks/index.ts";
import { startFront, type Front } from "../../../sandbox/aws/front.ts";
import { startMoto, type Moto } from "../../../sandbox/aws/moto.ts";
import type { AwsRequest, AwsResponse } from "../../../sandbox/aws/types.ts";
import type { Binaries } from "../../../sandbox/binaries/index.ts";
import { findMoto } from "../../../sandbox/binaries/index.ts";
import { readNodeConfig } from "../../../sandbox/kubelet/node-config.ts";
import { createWorld } from "../../../sandbox/world.ts";
import { FakeDataPlane } from "./fake-data-plane.ts";
import { ServiceModel, type Exchange } from "./service-model.ts";

const account = "123456789012";
const region = "us-east-2";

/** Short times, so that tests wait for conditions and not for minutes. */
const delays = {
  clusterCreate: 50,
  clusterUpdate: 50,
  clusterDelete: 50,
  nodegroupUpdate: 20,
  nodegroupDelete: 20,
  addonCreate: 20,
  addonUpdate: 20,
  addonDelete: 20,
  poll: 20,
  nodeJoinTimeout: 2_000,
  evictionTimeout: 500,
  drainTimeout: 500,
  addonTimeout: 500,
  securityGroupTimeout: 1_000,
  propagation: 200,
};

/** EKS in front of a real moto, with a data plane that only remembers; each exchange is judged by botocore's model. */
export interface EksWorld {
  eks: EKSClient;
  ec2: EC2Client;
  iam: IAMClient;
  service: EksService;
  dataPlane: FakeDataPlane;
  front: Front;
  model: ServiceModel;
  operatorArn: string;
  /** Names of the operations that were answered well. */
  succeeded: Set<string>;
  /** What the model does not allow. */
  faults: string[];
  vpcId: string;
  /** In three zones. */
  subnetIds: string[];
  roleArn(name: string): string;
  createRole(name: string, service: string, actions?: string[]): Promise<string>;
  /** A new EksService on the same state, as after a restart. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startEksWorld(): Promise<EksWorld> {
  const dir = mkdtempSync(join(tmpdir(), "hubctl-eks-"));
  const motoServer = await findMoto(() => undefined);
  const host = createWorld({ name: "eks", dir, account, region, binaries: { motoServer } as Binaries });
  const moto: Moto = await startMoto(host);
  const front = await startFront({ moto: moto.endpoint, account, region, callLog: join(dir, "calls.jsonl") });
  const operatorArn = `arn:aws:iam::${account}:user/operator`;
  const settings = { endpoint: front.url, region, credentials: front.identities.issue({ account, arn: operatorArn }) };
  const [eks, ec2, iam] = [new EKSClient(settings), new EC2Client(settings), new IAMClient(settings)];
  const model = new ServiceModel(moto.serviceModels ?? "", "eks");
  const dataPlane = new FakeDataPlane();
  const faults: string[] = [];
  const succeeded = new Set<string>();
  const startService = () =>
    new EksService({
      account,
      region,
      dir: join(dir, "eks"),
      aws: { endpoint: () => front.url, credentials: front.internal },
      dataPlane,
      delays,
    });
  let service = startService();
  front.route("eks", async (request) => {
    const response = await service.handle(request);
    if (response === undefined) return undefined;
    const judged = model.judge(exchangeOf(request, response));
    if (judged === undefined) faults.push(`no operation at ${request.method} ${request.path}`);
    else if (service.operations.includes(judged.operation.name)) {
      faults.push(...judged.faults);
      if (response.status === 200) succeeded.add(judged.operation.name);
    }
    return response;
  });
  await iam.send(new CreateUserCommand({ UserName: "operator" }));
  const { vpcId, subnetIds } = await createNetwork(ec2);
  const stopWatch = keepNodes(() => syncNodes(ec2, dataPlane));
  return {
    eks,
    ec2,
    iam,
    get service() {
      return service;
    },
    dataPlane,
    front,
    model,
    operatorArn,
    succeeded,
    faults,
    vpcId,
    subnetIds,
    roleArn: (name) => `arn:aws:iam::${account}:role/${name}`,
    createRole: (name, trusted, actions) => createRole(iam, name, trusted, actions),
    restart: async () => {
      await service.stop();
      service = startService();
      service.resume();
    },
    stop: async () => {
      await stopWatch();
      await service.stop();
      for (const client of [eks, ec2, iam]) client.destroy();
      await front.stop();
      await moto.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function exchangeOf(request: AwsRequest, response: AwsResponse): Exchange {
  return {
    method: request.method,
    path: request.path,
    query: request.query,
    requestBody: request.body.toString("utf8"),
    status: response.status,
    errorType: response.headers["x-amzn-errortype"],
    responseBody: response.body.toString(),
  };
}

async function createNetwork(ec2: EC2Client): Promise<{ vpcId: string; subnetIds: string[] }> {
  const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.1.0.0/16" }));
  const subnetIds: string[] = [];
  for (const [index, zone] of ["a", "b", "c"].entries()) {
    const { Subnet: subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpc?.VpcId,
        CidrBlock: `10.1.${index}.0/24`,
        AvailabilityZone: `${region}${zone}`,
      }),
    );
    subnetIds.push(subnet?.SubnetId ?? "");
  }
  return { vpcId: vpc?.VpcId ?? "", subnetIds };
}

async function createRole(
  iam: IAMClient,
  name: string,
  service: string,
  actions: string[] = ["sts:AssumeRole"],
): Promise<string> {
  const document = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: actions }],
  };
  const { Role: role } = await iam.send(
    new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(document) }),
  );
  return role?.Arn ?? "";
}

function keepNodes(sync: () => Promise<void>): () => Promise<void> {
  const abort = new AbortController();
  const running = (async () => {
    while (!abort.signal.aborted) {
      await sync();
      await delay(50, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    abort.abort();
    await running;
  };
}

/** What kubelets and the cloud's node controller would do. */
async function syncNodes(ec2: EC2Client, { kube }: FakeDataPlane): Promise<void> {
  const { Reservations: reservations = [] } = await ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: "tag-key", Values: ["eks:nodegroup-name"] },
        { Name: "instance-state-name", Values: ["running"] },
      ],
    }),
  );
  const present = new Set<string>();
  for (const instance of reservations.flatMap(({ Instances }) => Instances ?? [])) {
    const path = `/api/v1/nodes/${instance.PrivateDnsName ?? ""}`;
    present.add(path);
    if (kube.objects.has(path)) continue;
    const { UserData: userData } = await ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: instance.InstanceId, Attribute: "userData" }),
    );
    const config = readNodeConfig(Buffer.from(userData?.Value ?? "", "base64").toString("utf8"));
    if (config === undefined) continue;
    const node = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: instance.PrivateDnsName ?? "", labels: config.labels },
      spec: {
        providerID: `aws:///${instance.Placement?.AvailabilityZone ?? ""}/${instance.InstanceId ?? ""}`,
        taints: config.taints,
      },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    };
    kube.objects.set(path, node);
  }
  for (const path of kube.objects.keys()) {
    if (path.startsWith("/api/v1/nodes/") && !present.has(path)) kube.objects.delete(path);
  }
}
