import type { Cluster } from "@aws-sdk/client-eks";
import type { AwsClients } from "../aws/clients.ts";
import type { Pause } from "../aws/pause.ts";
import type { Deployment } from "../config/deployment.ts";
import type { OwnCertificate } from "../config/own-certificate.ts";
import type { HubConfig } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import type { ListedRelease } from "../tools/helm.ts";
import type { KarpenterObjects, KubeObjects } from "./kube-objects.ts";

/** What the layers of one look at a deployment share. What several of them need is asked once. */
export interface Scene {
  readonly deployment: Deployment;
  readonly config: HubConfig;
  readonly lock: HubLock;
  /** Absolute paths of what the configuration was read from. */
  readonly files: readonly string[];
  readonly aws: AwsClients;
  readonly now: Date;
  /** Fires when there is no time left, and when the look is over. */
  readonly signal: AbortSignal;
  /** Undefined while the deployment is not paused. */
  readonly pause: Promise<Pause | undefined>;
  /** Undefined when there is none. */
  readonly cluster: Promise<Cluster | undefined>;
  /** These four reject with the one reason why nothing in the cluster can be asked. */
  readonly ownCluster: Promise<Cluster>;
  readonly objects: Promise<KubeObjects>;
  readonly karpenter: Promise<KarpenterObjects>;
  /** Of a TLS secret in the hub's namespace; undefined when there is none. */
  readonly tlsSecret: (name: string) => Promise<OwnCertificate | undefined>;
  readonly releases: Promise<ListedRelease[]>;
}

/** The command that puts right what an install makes. */
export function installAgain({ deployment }: Pick<Scene, "deployment">): string {
  return `hubctl install --deployment ${deployment.name}`;
}
