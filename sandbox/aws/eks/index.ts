import type { ControlPlane } from "../../kube/types.ts";
import type { AwsResponse, Handler, Principal } from "../types.ts";
import { accessEntryOperations } from "./access-entries.ts";
import { accessPolicyOperations } from "./access-policies.ts";
import { resumeAddon } from "./addon-lifecycle.ts";
import { addonOperations } from "./addons.ts";
import { catalogOperations } from "./catalog.ts";
import { AwsClients } from "./clients.ts";
import { clusterOperations, resumeCluster } from "./clusters.ts";
import { clusterUpdateOperations } from "./cluster-updates.ts";
import type { EksContext } from "./context.ts";
import { defaultDelays } from "./dependencies.ts";
import type { EksDependencies } from "./dependencies.ts";
import { identityIn } from "./identity.ts";
import type { KubernetesIdentity } from "./identity.ts";
import { insightOperations } from "./insights.ts";
import { Jobs } from "./jobs.ts";
import { nodegroupOperations, resumeNodegroup } from "./nodegroups.ts";
import { nodegroupUpdateOperations } from "./nodegroup-updates.ts";
import { nodegroupVersionOperations } from "./nodegroup-version.ts";
import { podIdentityOperations, podIdentityRoleIn } from "./pod-identities.ts";
import { answer } from "./router.ts";
import type { Operation } from "./router.ts";
import { ClusterStore } from "./state.ts";
import type { ClusterShape } from "./state.ts";
import { tagOperations } from "./tags.ts";
import { updateOperations } from "./updates.ts";

export type { EksDependencies } from "./dependencies.ts";
export type { KubernetesIdentity } from "./identity.ts";

/** The simulated EKS: its API, and what it knows of its clusters. */
export class EksService {
  readonly #context: EksContext;
  readonly #operations: readonly Operation[];

  constructor(dependencies: EksDependencies) {
    const { account, region, dir, aws, dataPlane, delays, now = Date.now, log } = dependencies;
    this.#context = {
      account,
      region,
      aws: new AwsClients(aws, region),
      dataPlane,
      delays: { ...defaultDelays, ...delays },
      now,
      store: new ClusterStore(dir),
      jobs: new Jobs((key, error) => log?.(`eks ${key}: ${error instanceof Error ? error.message : String(error)}`)),
      planes: new Map(),
    };
    this.#operations = eksOperations(this.#context);
  }

  /** Names of the operations that are answered. */
  get operations(): string[] {
    return this.#operations.map(({ name }) => name);
  }

  readonly handle: Handler = (request): Promise<AwsResponse> => answer(this.#operations, request);

  /** Starts the control planes of the clusters that were loaded from disk, and goes on with what was under way. */
  resume(): void {
    for (const record of this.#context.store.all()) {
      resumeCluster(this.#context, record);
      for (const nodegroup of Object.values(record.nodegroups)) resumeNodegroup(this.#context, record, nodegroup);
      for (const addon of Object.values(record.addons)) resumeAddon(this.#context, record, addon);
    }
  }

  /** Who a principal is inside a cluster; undefined if the cluster does not let it in. */
  async identityFor(cluster: string, principal: Principal): Promise<KubernetesIdentity | undefined> {
    return await identityIn(this.#context, cluster, principal);
  }

  /** ARN of the role that pods with this service account get, once the association has spread. */
  podIdentityRole(cluster: string, namespace: string, serviceAccount: string): string | undefined {
    return podIdentityRoleIn(this.#context, cluster, namespace, serviceAccount);
  }

  clusters(): ClusterShape[] {
    return this.#context.store.all().map(({ shape }) => shape);
  }

  /** The control plane of a cluster while it runs. */
  plane(cluster: string): ControlPlane | undefined {
    return this.#context.planes.get(cluster);
  }

  /** Ends what goes on in the background, then the control planes; all of it goes on after a restart. */
  async stop(): Promise<void> {
    await this.#context.jobs.stop();
    await Promise.all([...this.#context.planes.values()].map((plane) => plane.stop()));
    this.#context.planes.clear();
    this.#context.aws.destroy();
  }
}

function eksOperations(context: EksContext): Operation[] {
  return [
    ...clusterOperations(context),
    ...clusterUpdateOperations(context),
    ...nodegroupOperations(context),
    ...nodegroupUpdateOperations(context),
    ...nodegroupVersionOperations(context),
    ...addonOperations(context),
    ...accessEntryOperations(context),
    ...accessPolicyOperations(context),
    ...podIdentityOperations(context),
    ...updateOperations(context),
    ...tagOperations(context),
    ...catalogOperations(context),
    ...insightOperations(context),
  ];
}
