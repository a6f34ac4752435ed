import { isReady } from "./kube-objects.ts";
import type { Condition, Container, ContainerState, ContainerStatus, Pod, PodStatus } from "./kube-objects.ts";

/** The changing part of a pod's life on its node, from which its status is made. */
export class PodState {
  readonly init: ContainerStatus[];
  readonly containers: ContainerStatus[];
  readonly #pod: Pod;
  readonly #hostIP: string;
  readonly #startTime: string;
  readonly #since = new Map<string, { status: string; time: string }>();
  podIP: string | undefined;

  constructor(pod: Pod, hostIP: string) {
    this.#pod = pod;
    this.#hostIP = hostIP;
    // Of a pod that ran when its cluster was stopped, what is known of it; a new one has nothing of this.
    const { podIP, startTime, conditions, containerStatuses, initContainerStatuses } = pod.status ?? {};
    const before = [...(containerStatuses ?? []), ...(initContainerStatuses ?? [])];
    const statusOf = (container: Container, reason: string) =>
      before.find(({ name }) => name === container.name) ?? waiting(container, reason);
    this.podIP = podIP;
    this.#startTime = startTime ?? now();
    for (const { type, status, lastTransitionTime } of conditions ?? []) {
      if (lastTransitionTime !== undefined) this.#since.set(type, { status, time: lastTransitionTime });
    }
    this.init = (pod.spec.initContainers ?? []).map((container) => statusOf(container, "PodInitializing"));
    this.containers = pod.spec.containers.map((container) =>
      statusOf(container, this.init.length > 0 ? "PodInitializing" : "ContainerCreating"),
    );
  }

  get isReady(): boolean {
    return isReady({ status: this.toStatus() });
  }

  statusOf(name: string): ContainerStatus {
    const status = [...this.containers, ...this.init].find((candidate) => candidate.name === name);
    if (status === undefined) throw new Error(`pod ${this.#pod.metadata.name} has no container ${name}`);
    return status;
  }

  get phase(): string {
    if (this.#initFailed()) return "Failed";
    const states = this.containers.map(({ state }) => state);
    if (states.every(({ terminated }) => terminated) && this.#pod.spec.restartPolicy !== "Always") {
      const failed = states.some(({ terminated }) => terminated?.exitCode !== 0);
      if (!failed) return "Succeeded";
      if (this.#pod.spec.restartPolicy === "Never") return "Failed";
    }
    const started = this.containers.some(
      ({ state, restartCount }) => state.running ?? (restartCount > 0 || state.terminated),
    );
    return started ? "Running" : "Pending";
  }

  toStatus(): PodStatus {
    const { phase } = this;
    const done = phase === "Succeeded";
    const initialized = done || this.init.every(isInitDone);
    const ready = !done && initialized && this.containers.every((status) => status.ready);
    const notReady = done ? "PodCompleted" : "ContainersNotReady";
    return {
      phase,
      hostIP: this.#hostIP,
      startTime: this.#startTime,
      ...(this.podIP === undefined ? {} : { podIP: this.podIP, podIPs: [{ ip: this.podIP }] }),
      conditions: [
        this.#condition("PodReadyToStartContainers", this.podIP !== undefined),
        this.#condition("Initialized", initialized, "ContainersNotInitialized"),
        this.#condition("ContainersReady", ready, notReady),
        this.#condition("Ready", ready, notReady),
        this.#condition("PodScheduled", true),
      ],
      containerStatuses: this.containers,
      ...(this.init.length > 0 ? { initContainerStatuses: this.init } : {}),
    };
  }

  #initFailed(): boolean {
    return (
      this.#pod.spec.restartPolicy === "Never" && this.init.some(({ state }) => (state.terminated?.exitCode ?? 0) !== 0)
    );
  }

  #condition(type: string, isTrue: boolean, reason?: string): Condition {
    const status = isTrue ? "True" : "False";
    let since = this.#since.get(type);
    if (since?.status !== status) since = { status, time: now() };
    this.#since.set(type, since);
    return {
      type,
      status,
      lastTransitionTime: since.time,
      ...(!isTrue && reason !== undefined ? { reason, message: "" } : {}),
    };
  }
}

function isInitDone({ state, started, ready }: ContainerStatus): boolean {
  return state.terminated?.exitCode === 0 || (started && ready);
}

function waiting({ name, image }: Container, reason: string): ContainerStatus {
  return {
    name,
    image,
    imageID: "",
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason } },
    lastState: {},
  };
}

export function setWaiting(status: ContainerStatus, reason: string, message?: string): void {
  change(status, { waiting: { reason, ...(message === undefined ? {} : { message }) } }, false);
}

export function setRunning(status: ContainerStatus, id: string): void {
  status.imageID = status.image;
  status.containerID = `containerd://${id}`;
  status.started = true;
  change(status, { running: { startedAt: now() } }, false);
}

export function setTerminated(status: ContainerStatus, exitCode: number, message?: string): void {
  const startedAt = status.state.running?.startedAt ?? now();
  const reason = exitCode === 0 ? "Completed" : "Error";
  status.started = false;
  const said = message === undefined ? {} : { message };
  change(status, { terminated: { exitCode, reason, ...said, startedAt, finishedAt: now() } }, false);
}

function change(status: ContainerStatus, state: ContainerState, ready: boolean): void {
  if (status.state.terminated) status.lastState = { terminated: status.state.terminated };
  status.state = state;
  status.ready = ready;
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
