/** Absolute paths of every program that a sandbox runs. */
export interface Binaries {
  kubeApiserver: string;
  etcd: string;
  kubeControllerManager: string;
  kubeScheduler: string;
  cloudControllerManager: string;
  karpenter: string;
  helm: string;
  kubectl: string;
  /** Terraform, or OpenTofu where there is none. */
  terraform: string;
  motoServer: string;
  /** A filesystem mirror with the provider hashicorp/aws, if one was found. */
  terraformProviders?: string;
  /** Folder with `charts/karpenter`, `charts/karpenter-crd` and `pkg/apis/crds` of the Karpenter release that runs. */
  karpenterModule: string;
}
