import type { KubeClient } from "./client.ts";

/** A running Kubernetes control plane: etcd, API server, controller manager and scheduler of one EKS cluster. */
export interface ControlPlane {
  cluster: string;
  /** "https://127.0.0.1:PORT" */
  endpoint: string;
  /** PEM of the cluster's certificate authority, base64, as in EKS' certificateAuthority.data. */
  certificateAuthority: string;
  /** Path of a kubeconfig with a system:masters client certificate, for the sandbox's own components. */
  adminKubeconfig: string;
  kube: KubeClient;
  stop(): Promise<void>;
}
