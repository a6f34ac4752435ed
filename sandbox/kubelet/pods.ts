import type { Pod } from "./kube-objects.ts";
import { isReady } from "./kube-objects.ts";
import type { Equipment } from "./nodes.ts";
import { PodRunner } from "./pod-runner.ts";
import type { PodSettings } from "./pod-runner.ts";

/** Runs the pods that are bound to this cluster's nodes. */
export class PodKeeper {
  readonly #settings: PodSettings;
  readonly #pods = new Map<string, Pod>();
  readonly #runners = new Map<string, PodRunner>();
  readonly #stopping = new AbortController();
  /** Ends of pods that are under way. */
  readonly #endings = new Set<Promise<void>>();
  #watching: Promise<void> = Promise.resolve();

  constructor(settings: PodSettings) {
    this.#settings = settings;
    settings.nodes.onChange = (name, present) => this.#nodeChanged(name, present);
  }

  start(): void {
    this.#watching = this.#settings.plane.kube.watch<Pod>(
      "/api/v1/pods?fieldSelector=spec.nodeName%21%3D",
      ({ type, object }) => (type === "DELETED" ? this.#forget(object) : this.#see(object)),
      this.#stopping.signal,
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
    for (const runner of this.#runners.values()) this.#end(runner.stop());
    this.#runners.clear();
    await Promise.all(this.#endings);
  }

  /** Whether the pod runs on its node, and is ready, here and now; its status may be from before a stop. */
  isUp(uid: string): boolean {
    return this.#runners.get(uid)?.isUp ?? false;
  }

  #see(pod: Pod): void {
    this.#pods.set(pod.metadata.uid, pod);
    this.#run(pod);
    this.#updateEquipment(pod.spec.nodeName ?? "");
  }

  #run(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const node = this.#settings.nodes.get(pod.spec.nodeName ?? "");
    if (node === undefined) return;
    const runner = this.#runners.get(uid) ?? new PodRunner(this.#settings, node, pod);
    const isNew = !this.#runners.has(uid);
    this.#runners.set(uid, runner);
    if (deletionTimestamp !== undefined) this.#end(runner.terminate());
    else if (isNew && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed") runner.start();
  }

  /** The pod is gone from the API, by its own end or by force. */
  #forget(pod: Pod): void {
    const { uid } = pod.metadata;
    this.#pods.delete(uid);
    const runner = this.#runners.get(uid);
    this.#runners.delete(uid);
    if (runner !== undefined) this.#end(runner.stop());
    this.#updateEquipment(pod.spec.nodeName ?? "");
  }

  #nodeChanged(name: string, present: boolean): void {
    if (present) {
      for (const pod of this.#pods.values()) if (pod.spec.nodeName === name) this.#run(pod);
      this.#updateEquipment(name);
      return;
    }
    for (const [uid, runner] of this.#runners) {
      if (runner.nodeName !== name) continue;
      this.#runners.delete(uid);
      this.#end(runner.stop());
    }
  }

  #updateEquipment(nodeName: string): void {
    const pods = [...this.#pods.values()].filter((pod) => pod.spec.nodeName === nodeName && isReady(pod));
    this.#end(this.#settings.nodes.setEquipment(nodeName, equipmentOf(pods)));
  }

  #end(promise: Promise<void>): void {
    const settled = promise
      .catch((error: unknown) => this.#settings.dependencies.log?.(String(error)))
      .finally(() => this.#endings.delete(settled));
    this.#endings.add(settled);
  }
}

/** What the ready pods of a node's DaemonSets provide. */
export function equipmentOf(readyPods: readonly Pod[]): Equipment {
  const has = (key: string, value: string) =>
    readyPods.some(({ metadata }) => metadata.namespace === "kube-system" && metadata.labels?.[key] === value);
  return {
    network: has("k8s-app", "aws-node"),
    ebs: has("app", "ebs-csi-node"),
    efs: has("app", "efs-csi-node"),
    identityAgent: has("app.kubernetes.io/name", "eks-pod-identity-agent"),
    gpu: readyPods.some(({ spec }) => spec.containers.some(({ image }) => /nvidia\/k8s-device-plugin[:@]/.test(image))),
  };
}
