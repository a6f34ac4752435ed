import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ControlPlane } from "../kube/types.ts";
import type { ChildExit, ManagedChild, World } from "../world.ts";
import { podIdentityUri } from "./credentials-agent.ts";
import { expandVariables, resolveEnvironment } from "./environment.ts";
import type { Container, Pod } from "./kube-objects.ts";
import type { PodFiles } from "./pod-files.ts";
import { findFreePort, translate } from "./programs.ts";
import type { LocalProgram, Translation } from "./programs.ts";

export interface ProcessSettings {
  world: World;
  plane: ControlPlane;
  pod: Pod;
  container: Container;
  program: LocalProgram;
  files: PodFiles;
  /** Where the Pod Identity agent answers here. */
  credentialsUri: string;
}

/** One run of a container as a process of this machine. */
export class ContainerProcess {
  readonly exited: Promise<ChildExit>;
  readonly #child: ManagedChild;
  readonly #container: Container;
  readonly #ports: ReadonlyMap<number, number>;
  /** Bytes of the log that are from earlier runs. */
  readonly #writtenBefore: number;
  readonly #messageFile: string;

  private constructor(
    child: ManagedChild,
    container: Container,
    ports: ReadonlyMap<number, number>,
    { writtenBefore, messageFile }: { writtenBefore: number; messageFile: string },
  ) {
    this.#child = child;
    this.#writtenBefore = writtenBefore;
    this.#messageFile = messageFile;
    this.#container = container;
    this.#ports = ports;
    this.exited = child.exited;
  }

  static async start(settings: ProcessSettings): Promise<ContainerProcess> {
    const { world, plane, pod, container, program, files } = settings;
    const messageFile = join(files.folder, `termination-log.${container.name}`);
    rmSync(messageFile, { force: true });
    const translation = await translationOf(container, files, messageFile);
    const resolved = await resolveEnvironment(plane.kube, pod, container);
    const environment = Object.fromEntries(
      Object.entries(resolved).map(([name, value]) => [name, translate(value, translation)]),
    );
    if (environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] === podIdentityUri) {
      environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = settings.credentialsUri;
    }
    const kubeconfig = files.writeKubeconfig(container);
    const args = [
      ...program.args.map((argument) => translate(expandVariables(argument, resolved), translation)),
      ...(kubeconfig === undefined ? [] : program.inCluster({ kubeconfig, namespace: pod.metadata.namespace })),
    ];
    const name = `${plane.cluster}.${pod.metadata.namespace}.${pod.metadata.name}.${container.name}`;
    const written = sizeOf(world.logFile(name));
    const child = world.spawn(name, program.file, args, {
      cwd: workingFolder(program, translation, files),
      env: {
        // No settings of the operator's own may reach a pod.
        HOME: files.folder,
        AWS_ENDPOINT_URL: world.endpoint,
        // Pods don't reach the instance metadata: the hop limit of the nodes is 1.
        AWS_EC2_METADATA_DISABLED: "true",
        ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
        ...environment,
      },
    });
    return new ContainerProcess(child, container, translation.ports, { writtenBefore: written, messageFile });
  }

  /** Asks the container's own readiness probe until it succeeds, or the signal fires. */
  async becomeReady(signal: AbortSignal): Promise<void> {
    const probe = this.#container.readinessProbe;
    while (!signal.aborted) {
      if (probe?.httpGet === undefined || (await this.#probe(probe.httpGet))) return;
      await delay(Math.min(probe.periodSeconds ?? 10, 1) * 1000, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * What it wrote for its status; else, if it failed, what it said last, if the container wants that in its status.
   * https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
   */
  lastWords(exitCode: number): string | undefined {
    const message = readMessage(this.#messageFile);
    if (message !== "") return message;
    if (exitCode === 0) return undefined;
    if (this.#container.terminationMessagePolicy !== "FallbackToLogsOnError") return undefined;
    const log = readFileSync(this.#child.logFile).subarray(this.#writtenBefore);
    return log.subarray(-2048).toString("utf8").trimEnd().split("\n").slice(-80).join("\n");
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  async #probe(request: { path?: string; port: number | string }): Promise<boolean> {
    const { ports = [] } = this.#container;
    const number =
      typeof request.port === "number" ? request.port : ports.find(({ name }) => name === request.port)?.containerPort;
    if (number === undefined) return false;
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#ports.get(number) ?? number}${request.path ?? "/"}`, {
        signal: AbortSignal.timeout(2_000),
      });
      await answer.body?.cancel();
      return answer.status < 400;
    } catch {
      return false;
    }
  }
}

async function translationOf(container: Container, files: PodFiles, messageFile: string): Promise<Translation> {
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, subPath }): [string, string] => [
    mountPath,
    files.folderOf(name, subPath),
  ]);
  const message: [string, string] = [container.terminationMessagePath ?? "/dev/termination-log", messageFile];
  const paths = [...mounts, message].sort(([a], [b]) => b.length - a.length);
  const ports = new Map<number, number>();
  for (const { containerPort } of container.ports ?? []) ports.set(containerPort, await findFreePort());
  return { paths, ports };
}

/** The image's own working directory exists here only where something is mounted on it. */
function workingFolder({ workingDir }: LocalProgram, translation: Translation, files: PodFiles): string {
  const here = workingDir === undefined ? undefined : translate(workingDir, translation);
  return here === undefined || here === workingDir ? files.folder : here;
}

/** As much of it as a kubelet takes over. */
function readMessage(file: string): string {
  const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
  return isThere ? readFileSync(file).subarray(0, 4096).toString("utf8") : "";
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
