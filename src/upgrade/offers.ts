import type { HubLock } from "../config/hub-lock.ts";

/** A Kubernetes version as EKS offers it. */
export interface KubernetesOffer {
  version: string;
  support: "standard" | "extended" | "none";
  endOfStandard?: Date;
  endOfExtended?: Date;
}

/** What fits one Kubernetes version. */
export interface OffersFor {
  /** By add-on: EKS' default version, and all that fit, newest first. */
  addons: Readonly<Record<string, { preferred: string; fitting: readonly string[] }>>;
  /** The newest image of the nodes. */
  nodeImage: HubLock["nodeImage"];
  /** Whether the image that the deployment has recorded exists for this version, too. */
  hasRecordedImage: boolean;
}

/** What there is to choose from; the charts and the provider are those that this hubctl was tested with. */
export interface Offers {
  kubernetes: readonly KubernetesOffer[];
  /** By Kubernetes version: the recorded one, the one that runs, and the one after it, as far as EKS has them. */
  byKubernetes: Readonly<Record<string, OffersFor>>;
}

/** What EKS runs now; undefined where there is nothing yet. */
export interface RunningVersions {
  kubernetes?: string;
  /** Of the core node group. */
  coreNodes?: string;
}
