import { setTimeout as delay } from "node:timers/promises";
import { KubeError } from "../kube/client.ts";
import type { ControlPlane } from "../kube/types.ts";
import type { World } from "../world.ts";
import { AddressPool } from "./addresses.ts";
import type { KubeletDependencies, NodeInstance } from "./dependencies.ts";
import type { Node } from "./kube-objects.ts";
import { readNodeConfig } from "./node-config.ts";
import type { NodeConfig } from "./node-config.ts";
import { csiNodeDrivers, ebsTopology, nodeConditions, nodeObject, nodeStatus } from "./node-objects.ts";

/** What of the node's own equipment runs there, as pods of DaemonSets. */
export interface Equipment {
  network: boolean;
  ebs: boolean;
  efs: boolean;
  gpu: boolean;
  identityAgent: boolean;
}

const bare: Equipment = { network: false, ebs: false, efs: false, gpu: false, identityAgent: false };

export interface ManagedNode {
  name: string;
  uid: string;
  instance: NodeInstance;
  config: NodeConfig;
  kubeletVersion: string | undefined;
  equipment: Equipment;
}

const pollMilliseconds = 1_000;
const leaseSeconds = 10;

/** Keeps a Node for each instance of the cluster that may join. */
export class NodeKeeper {
  /** Told of each node that joined and of each that vanished. */
  onChange: (name: string, present: boolean) => void = () => undefined;

  readonly #world: World;
  readonly #plane: ControlPlane;
  readonly #dependencies: KubeletDependencies;
  readonly #nodes = new Map<string, ManagedNode>();
  readonly #joining = new Set<string>();
  /** Instances that cannot become nodes, so that the reason is logged once. */
  readonly #refused = new Map<string, string>();
  readonly #pools = new Map<string, AddressPool>();
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(world: World, plane: ControlPlane, dependencies: KubeletDependencies) {
    this.#world = world;
    this.#plane = plane;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#running = Promise.all([
      this.#repeat(pollMilliseconds, () => this.#compareInstances()),
      this.#repeat(leaseSeconds * 1000, () => this.#renewLeases()),
    ]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get(name: string): ManagedNode | undefined {
    return this.#nodes.get(name);
  }

  takeAddress(node: ManagedNode): string | undefined {
    return this.#poolOf(node.instance).take();
  }

  reserveAddress(node: ManagedNode, address: string): void {
    this.#poolOf(node.instance).reserve(address);
  }

  releaseAddress(node: ManagedNode, address: string): void {
    this.#poolOf(node.instance).release(address);
  }

  /** Told by the pods' side whenever a node's equipment may have changed. */
  async setEquipment(name: string, equipment: Equipment): Promise<void> {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    const before = node.equipment;
    if (JSON.stringify(before) === JSON.stringify(equipment)) return;
    node.equipment = equipment;
    try {
      if (before.ebs !== equipment.ebs || before.efs !== equipment.efs) await this.#publishDrivers(node);
      if (before.network !== equipment.network || before.gpu !== equipment.gpu) await this.#publishStatus(node);
      if (!before.network && equipment.network) {
        this.reserveAddress(node, await this.#dependencies.addInterface(node.instance));
      }
    } catch (error) {
      this.#log(`node ${name}: ${String(error)}`);
      node.equipment = before;
    }
  }

  async #repeat(milliseconds: number, action: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await action().catch((error: unknown) => this.#log(String(error)));
      await delay(milliseconds, undefined, { signal }).catch(() => undefined);
    }
  }

  async #compareInstances(): Promise<void> {
    const instances = await this.#dependencies.listInstances();
    for (const node of [...this.#nodes.values()]) {
      if (instances.some(({ id }) => id === node.instance.id)) continue;
      this.#nodes.delete(node.name);
      this.onChange(node.name, false);
      this.#log(`instance ${node.instance.id} of node ${node.name} is gone`);
    }
    for (const instance of instances) {
      if (this.#joining.has(instance.id) || this.#nodes.has(instance.privateDns)) continue;
      const config = this.#admit(instance);
      if (config === undefined) continue;
      this.#joining.add(instance.id);
      void this.#join(instance, config)
        .catch((error: unknown) => this.#log(`instance ${instance.id} cannot join: ${String(error)}`))
        .finally(() => this.#joining.delete(instance.id));
    }
  }

  #admit(instance: NodeInstance): NodeConfig | undefined {
    const config = readNodeConfig(instance.userData);
    const problem = this.#problemOf(instance, config);
    if (problem === undefined) return config;
    if (this.#refused.get(instance.id) !== problem) this.#log(`instance ${instance.id} does not join: ${problem}`);
    this.#refused.set(instance.id, problem);
    return undefined;
  }

  #problemOf(instance: NodeInstance, config: NodeConfig | undefined): string | undefined {
    if (config === undefined) return "its user data holds no complete NodeConfig";
    if (config.cluster !== this.#plane.cluster) return `its user data names the cluster ${config.cluster}`;
    if (config.endpoint !== this.#plane.endpoint) return `its user data names the API server ${config.endpoint}`;
    if (instance.roleArn === undefined) return "it has no instance profile with a role";
    if (!this.#dependencies.mayJoin(instance.roleArn))
      return `the cluster does not let nodes of ${instance.roleArn} in`;
    return undefined;
  }

  async #join(instance: NodeInstance, config: NodeConfig): Promise<void> {
    const { kube } = this.#plane;
    const { signal } = this.#stopping;
    const name = instance.privateDns;
    const path = `/api/v1/nodes/${name}`;
    const known = await kube.get<Node>(path);
    // A cluster that was stopped has nodes that booted long ago; what they said of themselves still holds.
    const isBack = known?.spec.providerID === providerIdOf(instance);
    if (!isBack) await delay(this.#dependencies.joinDelayMilliseconds ?? 1_000, undefined, { signal });
    const existing = await kube.get<Node>(path);
    if (existing !== undefined && existing.spec.providerID !== providerIdOf(instance)) {
      await kube.delete(path);
    }
    const node =
      (await kube.get<Node>(path)) ??
      (await kube.create<Node>("/api/v1/nodes", nodeObject({ instance, config }, this.#world.region)));
    const kubeletVersion = this.#dependencies.kubeletVersion(instance.imageId);
    const managed = { name, uid: node.metadata.uid ?? "", instance, config, kubeletVersion, equipment: bare };
    if (!isBack) await this.#publishStatus(managed);
    await this.#publishLease(managed);
    if (!isBack) await this.#publishDrivers(managed);
    this.#poolOf(instance).reserve(instance.privateIp);
    this.#nodes.set(name, managed);
    this.#log(`instance ${instance.id} joined as ${name}`);
    this.onChange(name, true);
  }

  async #publishStatus(node: ManagedNode): Promise<void> {
    const path = `/api/v1/nodes/${node.name}`;
    const current = await this.#plane.kube.get<Node>(path);
    if (current === undefined) return;
    const now = new Date().toISOString();
    const conditions = nodeConditions(node.equipment.network, now, current.status?.conditions ?? []);
    await this.#plane.kube.patch(
      `${path}/status`,
      { status: { ...nodeStatus(node, node.equipment.gpu), conditions } },
      "application/strategic-merge-patch+json",
    );
  }

  async #publishDrivers(node: ManagedNode): Promise<void> {
    const { kube } = this.#plane;
    const { instance, equipment } = node;
    await kube.apply(
      {
        apiVersion: "storage.k8s.io/v1",
        kind: "CSINode",
        metadata: { name: node.name, ownerReferences: [ownedBy(node)] },
        spec: { drivers: csiNodeDrivers(instance, equipment) },
      },
      "kubelet",
    );
    if (equipment.ebs)
      await kube.patch(`/api/v1/nodes/${node.name}`, { metadata: { labels: ebsTopology(instance.zone) } });
  }

  async #renewLeases(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => this.#publishLease(node)));
  }

  async #publishLease(node: ManagedNode): Promise<void> {
    const { kube } = this.#plane;
    const collection = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
    const spec = {
      holderIdentity: node.name,
      leaseDurationSeconds: 40,
      renewTime: new Date().toISOString().replace("Z", "000Z"),
    };
    try {
      await kube.patch(`${collection}/${node.name}`, { spec });
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
      // A node that was deleted from the cluster does not come back by itself.
      if ((await kube.get(`/api/v1/nodes/${node.name}`)) === undefined) return;
      const metadata = { name: node.name, ownerReferences: [ownedBy(node)] };
      await kube.create(collection, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
    }
  }

  #poolOf({ subnetId, subnetCidr }: NodeInstance): AddressPool {
    const pool = this.#pools.get(subnetId) ?? new AddressPool(subnetCidr);
    this.#pools.set(subnetId, pool);
    return pool;
  }

  #log(line: string): void {
    this.#dependencies.log?.(line);
  }
}

function providerIdOf(instance: NodeInstance): string {
  return `aws:///${instance.zone}/${instance.id}`;
}

function ownedBy(node: ManagedNode): object {
  return { apiVersion: "v1", kind: "Node", name: node.name, uid: node.uid };
}
