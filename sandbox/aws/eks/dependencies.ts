import type { ControlPlane } from "../../kube/types.ts";

/** What the simulated EKS needs of the rest of the sandbox. */
export interface EksDependencies {
  account: string;
  region: string;
  /** Folder of its own for the persisted state, made if missing. */
  dir: string;
  aws: InternalAws;
  dataPlane: DataPlane;
  delays?: Partial<EksDelays>;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** One line about something that went wrong in the background. */
  log?: (line: string) => void;
}

/** Access to the rest of the simulated AWS, for what EKS does there on the account's behalf. */
export interface InternalAws {
  /** URL of the AWS front; asked at first use, when it listens. */
  endpoint: () => string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** What the clusters themselves are made of. */
export interface DataPlane {
  /** Also called to resume a cluster whose data lies on disk already, and with a higher version after an update. */
  startControlPlane(cluster: ClusterSpec): Promise<ControlPlane>;
  /** Removes the data of a control plane that was stopped. */
  discardControlPlane(cluster: string): Promise<void>;
  /** Creates or changes the objects of an add-on in the cluster. */
  applyAddon(plane: ControlPlane, addon: AddonSpec): Promise<void>;
  removeAddon(plane: ControlPlane, addon: AddonSpec): Promise<void>;
  /** Whether all pods of the add-on run. */
  addonReady(plane: ControlPlane, addon: AddonSpec): Promise<AddonReadiness>;
}

export interface ClusterSpec {
  name: string;
  arn: string;
  /** The minor: "1.36". */
  version: string;
  vpcId: string;
  subnetIds: string[];
  /** Of the control plane's network interfaces: the cluster security group first. */
  securityGroupIds: string[];
  clusterSecurityGroupId: string;
  serviceIpv4Cidr: string;
  /** URL of the service account issuer. */
  issuer: string;
}

export interface AddonSpec {
  name: string;
  version: string;
  namespace: string;
  cluster: string;
  /** The parsed configurationValues, or undefined. */
  configuration: unknown;
  serviceAccountRoleArn?: string;
}

type AddonReadiness = { ready: true } | { ready: false; reason: string };

/** Milliseconds. The defaults are short; AWS takes minutes for most of these. */
export interface EksDelays {
  clusterCreate: number;
  clusterUpdate: number;
  clusterDelete: number;
  nodegroupUpdate: number;
  nodegroupDelete: number;
  addonCreate: number;
  addonUpdate: number;
  addonDelete: number;
  /** Between two looks at something that is being waited for. */
  poll: number;
  /** After which a node group whose nodes did not join is CREATE_FAILED. */
  nodeJoinTimeout: number;
  /** After which a node group's update fails because of pods that may not leave their node; EKS waits 15 minutes. */
  evictionTimeout: number;
  /** After which a node group's deletion no longer waits for pods to leave its nodes; EKS waits 15 minutes. */
  drainTimeout: number;
  /** After which an add-on whose pods do not run is DEGRADED. */
  addonTimeout: number;
  /** How long the cluster security group's deletion is tried while something still uses it. */
  securityGroupTimeout: number;
  /** Until a new access entry, policy association or pod identity association has an effect. */
  propagation: number;
}

export const defaultDelays: EksDelays = {
  clusterCreate: 3_000,
  clusterUpdate: 1_500,
  clusterDelete: 1_500,
  nodegroupUpdate: 1_000,
  nodegroupDelete: 1_000,
  addonCreate: 500,
  addonUpdate: 500,
  addonDelete: 500,
  poll: 500,
  nodeJoinTimeout: 120_000,
  evictionTimeout: 60_000,
  drainTimeout: 10_000,
  addonTimeout: 120_000,
  securityGroupTimeout: 6_000,
  propagation: 1_500,
};
