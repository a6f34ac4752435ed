import { DeleteNetworkInterfaceCommand, EC2Client, paginateDescribeNetworkInterfaces } from "@aws-sdk/client-ec2";
import {
  DeleteMountTargetCommand,
  DescribeFileSystemsCommand,
  EFSClient,
  paginateDescribeMountTargets,
} from "@aws-sdk/client-efs";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../errors.ts";
import { hubctlProgram, type Example } from "../example.ts";
import { restoreSnapshot, snapshotFolder, takeSnapshot } from "../snapshot.ts";
import { compare, type Measurement } from "./measurement.ts";
import { runTimed, type TimedCommand } from "./run-timed.ts";

const pairs = 2;

/** The bench's own sandbox, with the example installed. */
export interface InstalledExample {
  folder: string;
  example: Example;
  say: (line: string) => void;
}

/** Keeps the installed example for as many cleanups as are measured. */
export async function prepareCleanup({ folder, example, say }: InstalledExample, snapshot: string) {
  const { cwd } = example.install;
  await takeSnapshot(folder, snapshot, cwd, say);
  const restore = async () => {
    rmSync(cwd, { recursive: true, force: true });
    await restoreSnapshot(folder, snapshot, cwd, () => undefined);
  };
  return {
    measure: (signal: AbortSignal) => measureCleanup(example, { restore, signal }),
    forget: () => rmSync(snapshotFolder(folder, snapshot), { recursive: true, force: true }),
  };
}

/**
 * `hubctl cleanup --data delete` against the commands with which a script would take the same away: what is in the
 * cluster first, without which `terraform destroy` would wait for ever, then `terraform destroy` of both stacks.
 */
function measureCleanup(
  example: Example,
  { restore, signal }: { restore: () => Promise<void>; signal: AbortSignal },
): Promise<Measurement> {
  const deployment = "dandihub";
  const { env, install, work } = example;
  const args = [hubctlProgram, "cleanup", "--deployment", deployment, "--data", "delete", "--confirm", deployment];
  return compare({
    what: "hubctl cleanup / the raw commands",
    bound: 1.2,
    pairs,
    async measured() {
      await restore();
      return await runTimed({ ...install, args }, { signal });
    },
    async against() {
      await restore();
      let seconds = 0;
      for (const command of clusterCommands(example)) seconds += (await runTimed(command, { signal })).seconds;
      seconds += await removeMountTargets(env, signal);
      const destroy = (stack: string) => runTimed(destroyCommand(env, join(work, "terraform", stack)), { signal });
      seconds += (await besideFreeing(env, () => destroy("cluster"))).seconds;
      seconds += (await destroy("storage")).seconds;
      return { seconds };
    },
  });
}

/** In the order in which each thing's controller still runs when it has to go. */
function clusterCommands({ env, install: { cwd }, kubeconfig }: Example): TimedCommand[] {
  const kubectl = (...args: string[]) => ({ file: "kubectl", args: [...args, "--kubeconfig", kubeconfig], cwd, env });
  const uninstall = (release: string, namespace: string) => ({
    file: "helm",
    args: ["uninstall", release, "--namespace", namespace, "--wait", "--kubeconfig", kubeconfig],
    cwd,
    env,
  });
  const hub = "jupyterhub";
  return [
    kubectl("delete", "service", "proxy-public", "--namespace", hub),
    uninstall("hub", hub),
    // The pod of a copy of the hub's database, made four times a day, would keep its claims for ever.
    kubectl("delete", "cronjobs,jobs,pods", "--all", "--namespace", hub),
    kubectl("delete", "persistentvolumeclaims", "--all", "--namespace", hub),
    kubectl("delete", "nodepools,nodeclaims", "--all"),
    kubectl("delete", "ec2nodeclasses", "--all"),
    uninstall("platform", hub),
    uninstall("karpenter", "kube-system"),
    uninstall("karpenter-crd", "kube-system"),
    kubectl("delete", "namespace", hub),
  ];
}

function destroyCommand(env: NodeJS.ProcessEnv, cwd: string): TimedCommand {
  return {
    file: "terraform",
    args: ["destroy", "-input=false", "-no-color", "-auto-approve"],
    cwd,
    // As in hubctl: otherwise Terraform would ask HashiCorp for news each time.
    env: { ...env, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" },
  };
}

/**
 * Deletes the interfaces that ended nodes leave behind while `work` goes on: `terraform destroy` waits for its subnets
 * until somebody does, and then fails.
 */
async function besideFreeing<Result>(env: NodeJS.ProcessEnv, work: () => Promise<Result>): Promise<Result> {
  const client = new EC2Client(clientOptions(env));
  const over = new AbortController();
  const Filters = [{ Name: "status", Values: ["available"] }];
  const free = async () => {
    while (!over.signal.aborted) {
      for await (const { NetworkInterfaces = [] } of paginateDescribeNetworkInterfaces({ client }, { Filters })) {
        await Promise.all(NetworkInterfaces.map(({ NetworkInterfaceId }) => remove(client, NetworkInterfaceId)));
      }
      await delay(2000, undefined, { signal: over.signal }).catch(() => undefined);
    }
  };
  const [result] = await Promise.all([work().finally(() => over.abort()), free()]);
  return result;
}

/** Terraform's provider may have been faster: it knows some of them itself. */
async function remove(client: EC2Client, NetworkInterfaceId: string | undefined): Promise<void> {
  try {
    await client.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
  } catch (error) {
    if ((error as Error).name !== "InvalidNetworkInterfaceID.NotFound") throw error;
  }
}

function clientOptions(env: NodeJS.ProcessEnv) {
  return {
    endpoint: env["AWS_ENDPOINT_URL"] ?? "",
    region: env["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  };
}

/** Terraform did not make them, and can't delete the subnets before them. Gives the seconds that it took. */
async function removeMountTargets(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  const client = new EFSClient(clientOptions(env));
  const list = async () => {
    const { FileSystems = [] } = await client.send(new DescribeFileSystemsCommand({}));
    const targets: string[] = [];
    for (const { FileSystemId } of FileSystems) {
      for await (const { MountTargets = [] } of paginateDescribeMountTargets({ client }, { FileSystemId })) {
        targets.push(...MountTargets.flatMap(({ MountTargetId }) => MountTargetId ?? []));
      }
    }
    return targets;
  };
  for (const MountTargetId of await list()) await client.send(new DeleteMountTargetCommand({ MountTargetId }));
  for (let attempt = 0; (await list()).length > 0; attempt++) {
    if (attempt === 120) throw new SandboxError("the mount targets did not go within two minutes");
    await delay(1000, undefined, { signal });
  }
  return (performance.now() - started) / 1000;
}
