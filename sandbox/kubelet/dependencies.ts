/** A running EC2 instance and what its boot would read. */
export interface NodeInstance {
  id: string;
  type: string;
  hardware: Hardware;
  zone: string;
  privateDns: string;
  privateIp: string;
  vpcId: string;
  subnetId: string;
  /** IPv4 block of the subnet, from which pods get their addresses. */
  subnetCidr: string;
  /** Role of the instance profile; an instance without one cannot join. */
  roleArn: string | undefined;
  /** Decoded user data. */
  userData: string;
  imageId: string;
}

/** What EC2 says of an instance type. */
export interface Hardware {
  cpus: number;
  memoryMib: number;
  arch: "amd64" | "arm64";
  gpus: number;
  /** Addresses that the VPC CNI can give to pods, without prefix delegation. */
  maxPods: number;
}

/** What AWS' container credentials endpoint answers. */
interface RoleCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
  accountId: string;
}

/** Where an EFS file system is to be mounted. */
interface EfsMount {
  fileSystemId: string;
  accessPointId: string | undefined;
  vpcId: string;
  zone: string;
}

/** What the nodes of one cluster need from the simulated AWS. */
export interface KubeletDependencies {
  /** Running instances that may belong to the cluster: by tag, or by their user data. */
  listInstances(): Promise<NodeInstance[]>;
  /** Gives an instance the network interface that the CNI plugin keeps ready for pods; answers its address. */
  addInterface(instance: NodeInstance): Promise<string>;
  /** Whether the cluster lets nodes of this role in: an access entry EC2_LINUX, or aws-auth. */
  mayJoin(roleArn: string): boolean;
  /** Temporary keys of the role that is associated with a service account; undefined if there is none. */
  podIdentityCredentials(namespace: string, serviceAccount: string): Promise<RoleCredentials | undefined>;
  /** What the kubelet of an image calls itself: "v1.36.1-eks-3a10415"; undefined for an unknown image. */
  kubeletVersion(imageId: string): string | undefined;
  /** Why mounting would fail; undefined if it would not. */
  findMountProblem(mount: EfsMount): Promise<string | undefined>;
  /** The folder of the file system that an EFS access point shows. */
  accessPointRoot(accessPointId: string): Promise<string>;
  /** From an instance's start to its Node; default 1000. */
  joinDelayMilliseconds?: number;
  /** Images whose pods fail, besides those with the annotation sandbox.hubctl/fail. */
  faults?: readonly ImageFault[];
  /** One line about what nodes and pods do. */
  log?: (line: string) => void;
}

export type Fault = "image-pull" | "crash" | "slow";

interface ImageFault {
  image: RegExp;
  fault: Fault;
}
