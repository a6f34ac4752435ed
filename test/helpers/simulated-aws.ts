import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { DataPlane } from "../../sandbox/aws/eks/dependencies.ts";
import { EksService } from "../../sandbox/aws/eks/index.ts";
import { startFront, type Front } from "../../sandbox/aws/front.ts";
import { startMoto } from "../../sandbox/aws/moto.ts";
import { Notes } from "../../sandbox/aws/notes.ts";
import { seedAccount, type Seeded } from "../../sandbox/aws/seed.ts";
import { findMoto, findTerraform } from "../../sandbox/binaries/index.ts";
import { findProviderMirror } from "../../sandbox/binaries/provider-mirror.ts";
import type { ControlPlane } from "../../sandbox/kube/types.ts";
import { writeTerraformConfig } from "../../sandbox/terraform-config.ts";
import { createWorld } from "../../sandbox/world.ts";

export const account = "123456789012";
export const region = "us-east-2";

/** The simulated AWS without Kubernetes: EKS' nodes and add-ons are ready as soon as their instances exist. */
export interface SimulatedAws {
  dir: string;
  front: Front;
  seeded: Seeded;
  /** What the overrides remember. */
  notes: Notes;
  /** Path of the terraform program. */
  terraform: string;
  /** What Terraform and the SDKs need in order to use the operator's account. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

const silent = () => undefined;

/** Terraform and the environment in which it finds the provider without a network. */
export async function findTerraformOffline(dir: string): Promise<{ terraform: string; env: Record<string, string> }> {
  const terraform = await findTerraform(silent);
  const terraformProviders = findProviderMirror();
  const config = writeTerraformConfig(dir, {
    terraform,
    ...(terraformProviders === undefined ? {} : { terraformProviders }),
  });
  return {
    terraform,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: dir,
      TF_CLI_CONFIG_FILE: config,
      TF_IN_AUTOMATION: "1",
      TF_INPUT: "0",
      CHECKPOINT_DISABLE: "1",
      AWS_EC2_METADATA_DISABLED: "true",
    },
  };
}

export async function startSimulatedAws(): Promise<SimulatedAws> {
  const dir = await mkdtemp(join(tmpdir(), "simulated-aws-"));
  const offline = await findTerraformOffline(dir);
  const motoServer = await findMoto(silent);
  const world = { ...createWorld({ name: "test", dir, binaries: { motoServer } as never }), binaries: { motoServer } };
  const moto = await startMoto(world);
  const notes = new Notes();
  const front = await startFront({
    notes,
    moto: moto.endpoint,
    account,
    region,
    callLog: join(dir, "aws-calls.jsonl"),
    ...(moto.serviceModels === undefined ? {} : { serviceModels: moto.serviceModels }),
  });
  const seeded = await seedAccount({ moto: moto.endpoint, account, region, identities: front.identities });
  const eks = new EksService({
    account,
    region,
    dir: join(dir, "eks"),
    aws: { endpoint: () => front.url, credentials: front.internal },
    dataPlane: readyDataPlane(front),
    // Kubernetes objects are the data plane's; what EKS says about them here is not what is tested.
    log: silent,
  });
  front.route("eks", eks.handle);
  return {
    dir,
    front,
    seeded,
    notes,
    terraform: offline.terraform,
    env: {
      ...offline.env,
      AWS_ENDPOINT_URL: front.url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: seeded.operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: seeded.operator.secretAccessKey,
    },
    stop: async () => {
      await eks.stop();
      await front.stop();
      await moto.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A control plane that holds nothing but a ready node for every running instance of a node group. */
function readyDataPlane(front: Front): DataPlane {
  const list = async (path: string) => {
    const group = /eks\.amazonaws\.com%2Fnodegroup%3D([\w-]+)/.exec(path)?.[1];
    if (group === undefined) return [];
    const ec2 = new EC2Client({ region, endpoint: front.url, credentials: front.internal });
    const filters = [
      { Name: "tag:eks:nodegroup-name", Values: [group] },
      { Name: "instance-state-name", Values: ["running"] },
    ];
    const { Reservations: reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters: filters }));
    ec2.destroy();
    return reservations.flatMap(({ Instances: instances = [] }) =>
      instances.map(({ InstanceId: id = "", Placement: placement }) => ({
        metadata: { name: id },
        spec: { providerID: `aws:///${placement?.AvailabilityZone ?? ""}/${id}` },
        status: { conditions: [{ type: "Ready", status: "True" }] },
      })),
    );
  };
  const nothing = () => Promise.resolve(undefined);
  const plane = (cluster: string) => ({
    cluster,
    endpoint: "https://127.0.0.1:1",
    certificateAuthority: Buffer.from("no certificate").toString("base64"),
    adminKubeconfig: "/nonexistent",
    kube: {
      list,
      text: () => Promise.resolve(""),
      get: nothing,
      create: nothing,
      apply: nothing,
      patch: nothing,
      delete: nothing,
      watch: nothing,
    },
    stop: nothing,
  });
  return {
    startControlPlane: ({ name }) => Promise.resolve(plane(name) as unknown as ControlPlane),
    discardControlPlane: () => Promise.resolve(),
    applyAddon: () => Promise.resolve(),
    removeAddon: () => Promise.resolve(),
    addonReady: () => Promise.resolve({ ready: true }),
  };
}
