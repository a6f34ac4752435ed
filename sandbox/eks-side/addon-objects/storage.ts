import {
  clusterRole,
  criticalAddons,
  daemonSet,
  deployment,
  disruptionBudget,
  imageOf,
  leaseRole,
  requests,
  rule,
  serviceAccount,
  tolerateEverything,
} from "./workloads.ts";
import type { AddonContext } from "./workloads.ts";

const sidecarResources = requests("10m", "40Mi", "256Mi");
const toleratedForAWhile = { effect: "NoExecute", operator: "Exists", tolerationSeconds: 300 };
const socketMount = { name: "socket-dir", mountPath: "/var/lib/csi/sockets/pluginproxy/" };
const socketPath = "/var/lib/csi/sockets/pluginproxy/csi.sock";

export function ebsCsiDriver(version: string, context: AddonContext): object[] {
  return [
    serviceAccount("ebs-csi-controller-sa", context.serviceAccountRoleArn),
    serviceAccount("ebs-csi-node-sa"),
    ...ebsRoles(),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: "ebs.csi.aws.com", labels: { "app.kubernetes.io/name": "aws-ebs-csi-driver" } },
      spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: "File" },
    },
    ...defaultStorageClass(context),
    ebsController(version, context),
    disruptionBudget("ebs-csi-controller", { app: "ebs-csi-controller" }),
    ebsNode(version, context),
  ];
}

function defaultStorageClass({ configuration }: AddonContext): object[] {
  if (configuration.defaultStorageClass?.enabled !== true) return [];
  return [
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: "ebs-csi-default-sc",
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner: "ebs.csi.aws.com",
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
    },
  ];
}

function ebsController(version: string, { region, cluster, configuration }: AddonContext): object {
  const address = [{ name: "ADDRESS", value: socketPath }];
  const extraTags = Object.entries(configuration.controller?.extraVolumeTags ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const sidecar = (name: string, args: string[]) => ({
    name,
    image: imageOf(region, name, version),
    args: ["--csi-address=$(ADDRESS)", "--leader-election=true", "--v=2", ...args],
    env: address,
    resources: sidecarResources,
    volumeMounts: [socketMount],
  });
  return deployment({
    name: "ebs-csi-controller",
    labels: { app: "ebs-csi-controller", "app.kubernetes.io/name": "aws-ebs-csi-driver" },
    serviceAccount: "ebs-csi-controller-sa",
    priorityClass: "system-cluster-critical",
    tolerations: [criticalAddons, toleratedForAWhile],
    placement: configuration.controller,
    containers: [
      {
        name: "ebs-plugin",
        image: imageOf(region, "aws-ebs-csi-driver", version),
        args: [
          "controller",
          "--endpoint=$(CSI_ENDPOINT)",
          `--k8s-tag-cluster-id=${cluster}`,
          "--batching=true",
          ...(extraTags === "" ? [] : [`--extra-tags=${extraTags}`]),
          "--v=2",
        ],
        env: [
          { name: "CSI_ENDPOINT", value: `unix://${socketPath}` },
          { name: "CSI_NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
        ],
        resources: sidecarResources,
        volumeMounts: [socketMount],
      },
      sidecar("csi-provisioner", [
        "--timeout=60s",
        "--feature-gates=Topology=true",
        "--extra-create-metadata",
        "--default-fstype=ext4",
      ]),
      sidecar("csi-attacher", ["--timeout=6m"]),
      sidecar("csi-resizer", ["--timeout=60s", "--handle-volume-inuse-error=false"]),
      {
        name: "liveness-probe",
        image: imageOf(region, "livenessprobe", version),
        args: ["--csi-address=/csi/csi.sock"],
        resources: requests("10m", "32Mi", "32Mi"),
        volumeMounts: [{ name: "socket-dir", mountPath: "/csi" }],
      },
    ],
    volumes: [{ name: "socket-dir", emptyDir: {} }],
  });
}

function ebsNode(version: string, { region, configuration }: AddonContext): object {
  return daemonSet({
    name: "ebs-csi-node",
    labels: { app: "ebs-csi-node", "app.kubernetes.io/name": "aws-ebs-csi-driver" },
    serviceAccount: "ebs-csi-node-sa",
    priorityClass: "system-node-critical",
    tolerations: tolerateEverything,
    placement: configuration.node,
    containers: [
      {
        name: "ebs-plugin",
        image: imageOf(region, "aws-ebs-csi-driver", version),
        args: ["node", "--endpoint=$(CSI_ENDPOINT)", "--v=2"],
        env: [{ name: "CSI_ENDPOINT", value: "unix:/csi/csi.sock" }],
        resources: sidecarResources,
      },
      ...nodeSidecars(region, version),
    ],
  });
}

function nodeSidecars(region: string, version: string): object[] {
  return [
    {
      name: "node-driver-registrar",
      image: imageOf(region, "csi-node-driver-registrar", version),
      resources: requests("10m", "32Mi", "32Mi"),
    },
    {
      name: "liveness-probe",
      image: imageOf(region, "livenessprobe", version),
      resources: requests("10m", "32Mi", "32Mi"),
    },
  ];
}

function ebsRoles(): object[] {
  const account = "ebs-csi-controller-sa";
  const storage = "storage.k8s.io";
  const read = "get list watch";
  const events = rule("", "events", "list watch create update patch");
  return [
    ...clusterRole("ebs-external-provisioner-role", "ebs-csi-provisioner-binding", account, [
      rule("", "persistentvolumes", "get list watch create patch delete"),
      rule("", "persistentvolumeclaims", "get list watch update"),
      rule(storage, "storageclasses csinodes volumeattachments", read),
      rule(storage, "volumeattributesclasses", "get"),
      rule("", "nodes", read),
      events,
    ]),
    ...clusterRole("ebs-external-attacher-role", "ebs-csi-attacher-binding", account, [
      rule("", "persistentvolumes", "get list watch patch"),
      rule(storage, "csinodes", read),
      rule(storage, "volumeattachments", "get list watch patch"),
      rule(storage, "volumeattachments/status", "patch"),
    ]),
    ...clusterRole("ebs-external-resizer-role", "ebs-csi-resizer-binding", account, [
      rule("", "persistentvolumes", "get list watch patch"),
      rule("", "persistentvolumeclaims pods", read),
      rule("", "persistentvolumeclaims/status", "patch"),
      rule(storage, "volumeattributesclasses", read),
      events,
    ]),
    ...clusterRole("ebs-csi-node-role", "ebs-csi-node-getter-binding", "ebs-csi-node-sa", [
      rule(storage, "volumeattachments", read),
      rule("", "nodes", "get patch list watch"),
      rule(storage, "csinodes", "get"),
    ]),
    ...leaseRole("ebs-csi-leases-role", "ebs-csi-leases-rolebinding", account),
  ];
}

export function efsCsiDriver(version: string, context: AddonContext): object[] {
  const { region, configuration } = context;
  return [
    serviceAccount("efs-csi-controller-sa", context.serviceAccountRoleArn),
    serviceAccount("efs-csi-node-sa"),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: "efs.csi.aws.com" },
      spec: { attachRequired: false },
    },
    deployment({
      name: "efs-csi-controller",
      labels: { app: "efs-csi-controller", "app.kubernetes.io/name": "aws-efs-csi-driver" },
      serviceAccount: "efs-csi-controller-sa",
      priorityClass: "system-cluster-critical",
      hostNetwork: true,
      tolerations: [criticalAddons, toleratedForAWhile],
      placement: configuration.controller,
      containers: [
        { name: "efs-plugin", image: imageOf(region, "aws-efs-csi-driver", version) },
        { name: "csi-provisioner", image: imageOf(region, "efs-csi-provisioner", version) },
        { name: "liveness-probe", image: imageOf(region, "livenessprobe", version) },
      ],
    }),
    daemonSet({
      name: "efs-csi-node",
      labels: { app: "efs-csi-node", "app.kubernetes.io/name": "aws-efs-csi-driver" },
      serviceAccount: "efs-csi-node-sa",
      priorityClass: "system-node-critical",
      hostNetwork: true,
      tolerations: tolerateEverything,
      placement: configuration.node,
      containers: [
        { name: "efs-plugin", image: imageOf(region, "aws-efs-csi-driver", version) },
        ...nodeSidecars(region, version),
      ],
    }),
  ];
}
