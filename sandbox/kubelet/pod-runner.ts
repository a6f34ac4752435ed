import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KubeError } from "../kube/client.ts";
import { folderOfClaim } from "./claim-folders.ts";
import { ContainerProcess } from "./container-process.ts";
import type { CredentialsAgent } from "./credentials-agent.ts";
import type { Fault, KubeletDependencies } from "./dependencies.ts";
import { ConfigProblem, resolveEnvironment } from "./environment.ts";
import { recordEvent } from "./events.ts";
import type { Container, ContainerStatus, Pod } from "./kube-objects.ts";
import type { ManagedNode, NodeKeeper } from "./nodes.ts";
import { PodFiles } from "./pod-files.ts";
import { PodState, setRunning, setTerminated, setWaiting } from "./pod-status.ts";
import { findProgram } from "./programs.ts";
import type { LocalProgram } from "./programs.ts";
import type { Turns } from "./turns.ts";
import { findVolumeProblem } from "./volumes.ts";
import type { ControlPlane } from "../kube/types.ts";
import type { World } from "../world.ts";

export interface PodSettings {
  world: World;
  plane: ControlPlane;
  dependencies: KubeletDependencies;
  nodes: NodeKeeper;
  agent: CredentialsAgent;
  turns: Turns;
}

/** Milliseconds; a node's kubelet takes longer for most of these. */
const pauses = { retry: 1_000, longestRetry: 5_000, crash: 1_000, longestCrash: 30_000, slowStart: 20_000 } as const;

/** How a container ended by itself. */
interface End {
  exitCode: number;
  lastWords?: string | undefined;
}

/** One pod on its node, from its binding to its end. */
export class PodRunner {
  readonly #settings: PodSettings;
  readonly #node: ManagedNode;
  readonly #pod: Pod;
  readonly #state: PodState;
  readonly #ending = new AbortController();
  readonly #processes = new Set<ContainerProcess>();
  #files: PodFiles | undefined;
  #finished: Promise<void> = Promise.resolve();
  #publishing: Promise<void> = Promise.resolve();
  #deleting = false;
  /** Containers that were started here: what the status says may be from before the cluster was stopped. */
  readonly #started = new Set<string>();

  constructor(settings: PodSettings, node: ManagedNode, pod: Pod) {
    this.#settings = settings;
    this.#node = node;
    this.#pod = pod;
    this.#state = new PodState(pod, node.instance.privateIp);
  }

  get nodeName(): string {
    return this.#node.name;
  }

  /** Whether its containers run, and are ready, here and now. */
  get isUp(): boolean {
    return this.#state.isReady && this.#pod.spec.containers.every(({ name }) => this.#started.has(name));
  }

  start(): void {
    this.#finished = this.#run().catch((error: unknown) => {
      if (!this.#ending.signal.aborted)
        this.#settings.dependencies.log?.(`pod ${this.#pod.metadata.name}: ${String(error)}`);
    });
  }

  /** The pod was deleted: its containers end, then it is removed from the API. */
  async terminate(): Promise<void> {
    if (this.#deleting) return;
    this.#deleting = true;
    await this.stop();
    const { namespace, name, uid } = this.#pod.metadata;
    try {
      await this.#settings.plane.kube.delete(`/api/v1/namespaces/${namespace}/pods/${name}`, {
        gracePeriodSeconds: 0,
        preconditions: { uid },
      });
    } catch (error) {
      // Conflict: another pod has that name by now.
      if (!(error instanceof KubeError) || error.status !== 409) throw error;
    }
  }

  /** Ends the containers and nothing else: the node is gone. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#processes].map((process) => process.stop()));
    await this.#finished;
    await this.#publishing;
    const { podIP } = this.#state;
    if (podIP !== undefined && this.#pod.spec.hostNetwork !== true)
      this.#settings.nodes.releaseAddress(this.#node, podIP);
    this.#files?.remove();
  }

  async #run(): Promise<void> {
    this.#publish();
    await this.#waitUntilNone("FailedMount", () => this.#findVolumeProblem());
    await this.#waitUntilNone("FailedCreatePodSandBox", () => Promise.resolve(this.#takeAddress()));
    for (const container of this.#pod.spec.initContainers ?? []) {
      if (!(await this.#initialize(container))) return;
    }
    await Promise.all(this.#pod.spec.containers.map((container) => this.#keepRunning(container, this.#restartPolicy)));
  }

  async #findVolumeProblem(): Promise<string | undefined> {
    const { plane, dependencies } = this.#settings;
    return await findVolumeProblem({ kube: plane.kube, dependencies }, this.#pod, this.#node);
  }

  #takeAddress(): string | undefined {
    if (this.#pod.spec.hostNetwork === true) {
      this.#state.podIP = this.#node.instance.privateIp;
      return undefined;
    }
    if (this.#state.podIP !== undefined) {
      this.#settings.nodes.reserveAddress(this.#node, this.#state.podIP);
      return undefined;
    }
    if (!this.#node.equipment.network) return "Failed to create pod sandbox: cni plugin not initialized";
    this.#state.podIP = this.#settings.nodes.takeAddress(this.#node);
    return this.#state.podIP === undefined
      ? 'Failed to create pod sandbox: plugin type="aws-cni" failed (add): failed to assign an IP address to container'
      : undefined;
  }

  /** Tries again until nothing stands in the way; says why as an event of the pod. */
  async #waitUntilNone(reason: string, findProblem: () => Promise<string | undefined>): Promise<void> {
    const told = new Set<string>();
    for (let pause: number = pauses.retry; ; pause = Math.min(pause * 2, pauses.longestRetry)) {
      const problem = await findProblem();
      if (problem === undefined) return;
      if (!told.has(problem)) await this.#tell("Warning", reason, problem);
      told.add(problem);
      await this.#pause(pause);
    }
  }

  /** False if the pod has failed by this container. */
  async #initialize(container: Container): Promise<boolean> {
    const status = this.#state.statusOf(container.name);
    if (container.restartPolicy === "Always") {
      const sidecar = this.#keepRunning(container, "Always");
      await Promise.race([sidecar, this.#waitUntil(() => status.ready)]);
      return true;
    }
    if (status.state.terminated?.exitCode === 0) return true;
    const exitCode = await this.#keepRunning(container, this.#restartPolicy === "Never" ? "Never" : "OnFailure");
    status.ready = exitCode === 0;
    this.#publish();
    return status.ready;
  }

  get #restartPolicy(): string {
    return this.#pod.spec.restartPolicy ?? "Always";
  }

  /** Resolves with the exit code after which nothing is started again. */
  async #keepRunning(container: Container, policy: string): Promise<number> {
    const status = this.#state.statusOf(container.name);
    for (let pause: number = pauses.crash; ; pause = Math.min(pause * 2, pauses.longestCrash)) {
      await this.#prepare(container, status);
      const { exitCode, lastWords } = await this.#runOnce(container, status);
      setTerminated(status, exitCode, lastWords);
      this.#publish();
      if (policy === "Never" || (policy === "OnFailure" && exitCode === 0)) return exitCode;
      const words = `back-off restarting failed container=${container.name} pod=${this.#pod.metadata.name}`;
      setWaiting(status, "CrashLoopBackOff", words);
      await this.#tell("Warning", "BackOff", words);
      this.#publish();
      await this.#pause(pause);
      status.restartCount += 1;
    }
  }

  /** What comes before a container's start: its image and its configuration. */
  async #prepare(container: Container, status: ContainerStatus): Promise<void> {
    const fault = this.#faultOf(container);
    if (fault === "slow") await this.#pause(pauses.slowStart);
    while (fault === "image-pull") {
      const words = `Back-off pulling image "${container.image}": ErrImagePull: ${container.image}: not found`;
      setWaiting(status, "ImagePullBackOff", words);
      this.#publish();
      await this.#tell("Warning", "Failed", words);
      await this.#pause(pauses.longestCrash);
    }
    await this.#waitUntilNone("Failed", async () => {
      try {
        await resolveEnvironment(this.#settings.plane.kube, this.#pod, container);
        return undefined;
      } catch (error) {
        if (!(error instanceof ConfigProblem)) throw error;
        setWaiting(status, "CreateContainerConfigError", error.message);
        this.#publish();
        return `Error: ${error.message}`;
      }
    });
  }

  /** Resolves when the container ends by itself; rejects when the pod ends. */
  async #runOnce(container: Container, status: ContainerStatus): Promise<End> {
    const program = findProgram(this.#settings.world.binaries, container);
    if (program !== undefined) {
      const end = await this.#runProcess(container, status, program);
      if (!program.standsInAfterwards || end.exitCode !== 0) return end;
    }
    setRunning(status, randomBytes(32).toString("hex"));
    status.ready = true;
    this.#started.add(container.name);
    this.#publish();
    if (this.#faultOf(container) === "crash") return { exitCode: 1 };
    if (isMeantToComplete(this.#pod, container)) return { exitCode: 0 };
    await this.#waitUntil(() => false);
    return { exitCode: 0 };
  }

  async #runProcess(container: Container, status: ContainerStatus, program: LocalProgram): Promise<End> {
    const { world, plane, agent, turns } = this.#settings;
    this.#files ??= await this.#prepareFiles();
    const passOn = program.alone ? await this.#waitForTurn(container, status, turns) : () => undefined;
    const process = await ContainerProcess.start({
      world,
      plane,
      pod: this.#pod,
      container,
      program,
      files: this.#files,
      credentialsUri: agent.uri,
    });
    this.#processes.add(process);
    void process.exited.then(passOn);
    if (this.#ending.signal.aborted) await process.stop();
    setRunning(status, randomBytes(32).toString("hex"));
    this.#started.add(container.name);
    this.#publish();
    const probing = new AbortController();
    void process.becomeReady(AbortSignal.any([probing.signal, this.#ending.signal])).then(() => {
      if (probing.signal.aborted || this.#ending.signal.aborted) return;
      status.ready = true;
      this.#publish();
    });
    const { code } = await process.exited;
    probing.abort();
    this.#processes.delete(process);
    this.#ending.signal.throwIfAborted();
    const exitCode = code ?? 137;
    return { exitCode, lastWords: process.lastWords(exitCode) };
  }

  /** Stands by as a replica does that is not the leader: it runs, is ready, and does nothing. */
  async #waitForTurn(container: Container, status: ContainerStatus, turns: Turns): Promise<() => void> {
    setRunning(status, randomBytes(32).toString("hex"));
    status.ready = true;
    this.#publish();
    this.#started.add(container.name);
    const { metadata, spec } = this.#pod;
    const key = [metadata.namespace, spec.serviceAccountName, container.name].join("/");
    return await turns.take(key, this.#ending.signal);
  }

  async #prepareFiles(): Promise<PodFiles> {
    const { world, plane, dependencies } = this.#settings;
    const place = { kube: plane.kube, dependencies, dir: world.dir };
    const findClaim = (name: string) => folderOfClaim(place, this.#pod.metadata.namespace, name);
    // Short, because sockets below it must have a path of at most 107 characters.
    const files = new PodFiles(
      { plane, findClaim },
      this.#pod,
      join(world.dir, "pods", this.#pod.metadata.uid.slice(0, 13)),
    );
    await files.prepare();
    return files;
  }

  #faultOf(container: Container): Fault | undefined {
    const annotated = this.#pod.metadata.annotations?.["sandbox.hubctl/fail"];
    if (annotated === "image-pull" || annotated === "crash" || annotated === "slow") return annotated;
    return this.#settings.dependencies.faults?.find(({ image }) => image.test(container.image))?.fault;
  }

  async #waitUntil(condition: () => boolean): Promise<void> {
    // Status changes are few and all made here, so a slow look is enough.
    while (!condition()) await this.#pause(condition() ? 0 : 250);
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#ending.signal });
  }

  /** Writes the status after those before it; a pod that is gone needs none. */
  #publish(): void {
    const { namespace, name, uid } = this.#pod.metadata;
    this.#publishing = this.#publishing.then(async () => {
      if (this.#ending.signal.aborted) return;
      try {
        await this.#settings.plane.kube.patch(
          `/api/v1/namespaces/${namespace}/pods/${name}/status`,
          { metadata: { uid }, status: this.#state.toStatus() },
          "application/strategic-merge-patch+json",
        );
      } catch (error) {
        if (error instanceof KubeError && (error.status === 404 || error.status === 409)) return;
        this.#settings.dependencies.log?.(`status of pod ${name}: ${String(error)}`);
      }
    });
  }

  async #tell(type: "Normal" | "Warning", reason: string, message: string): Promise<void> {
    await recordEvent(this.#settings.plane.kube, this.#pod, { type, reason, message, host: this.#node.name });
  }
}

/**
 * Init containers and pods of Jobs end by themselves, and pods that say so; users' servers, which also never restart,
 * do not.
 */
function isMeantToComplete(pod: Pod, { name }: Container): boolean {
  if (pod.spec.initContainers?.some((container) => container.name === name && container.restartPolicy !== "Always"))
    return true;
  if (pod.spec.restartPolicy === "Always") return false;
  if (pod.metadata.annotations?.["sandbox.hubctl/completes"] === "true") return true;
  return pod.metadata.ownerReferences?.some(({ kind }) => kind === "Job") ?? false;
}
