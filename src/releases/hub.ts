import { testedVersions } from "../versions.ts";
import { hubLogin } from "./hub-login.ts";
import { hubProxy } from "./hub-proxy.ts";
import type { ReleaseInputs } from "./inputs.ts";
import { homeClaim, platform, sharedClaim } from "./platform.ts";
import type { Release } from "./release.ts";

const onNodesOfPurpose = { nodeAffinity: { matchNodePurpose: "require" } };

export const hub: Release = {
  name: "hub",
  namespace: platform.namespace,
  chart: {
    name: "jupyterhub",
    version: testedVersions.charts.jupyterhub,
    repository: "https://hub.jupyter.org/helm-chart/",
  },
  values: (inputs: ReleaseInputs) => ({
    hub: hubPod(inputs),
    proxy: hubProxy(inputs),
    singleuser: userPods(inputs),
    scheduling: {
      // The chart's scheduler is older than the clusters it would run on, and Karpenter packs users already.
      userScheduler: { enabled: false },
      userPlaceholder: { enabled: false },
      corePods: onNodesOfPurpose,
      userPods: onNodesOfPurpose,
    },
    // The hook would hold up every upgrade until each node has the image, and the nodes come and go with users.
    prePuller: { hook: { enabled: false }, continuous: { enabled: false } },
    // Nodes are only given back once their users' servers are gone.
    cull: { enabled: true, timeout: 3600, every: 600 },
  }),
};

function hubPod(inputs: ReleaseInputs): Record<string, unknown> {
  const { config, generated } = inputs;
  const login = hubLogin(inputs);
  return {
    config: {
      JupyterHub: {
        authenticator_class: login.authenticatorClass,
        // The load balancer says nothing of TLS in its requests; this makes the hub's cookies secure all the same.
        public_url: `https://${config.domain}/`,
        cookie_secret: generated.cookieSecret,
      },
      CryptKeeper: { keys: [generated.cryptKeeperKey] },
      ConfigurableHTTPProxy: { auth_token: generated.proxyToken },
      ...login.sections,
    },
    loadRoles: login.loadRoles,
    extraConfig: login.extraConfig,
    db: {
      type: "sqlite-pvc",
      // The hub's accounts: without this annotation `helm uninstall` deletes them.
      pvc: { annotations: { "helm.sh/resource-policy": "keep" }, storageClassName: "gp3", storage: "10Gi" },
    },
    resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { memory: "2Gi" } },
  };
}

function userPods({ config }: ReleaseInputs): Record<string, unknown> {
  const { cpu, memoryGiB } = config.users;
  return {
    image: {
      name: config.image.repository,
      tag: config.image.tag ?? "",
      pullPolicy: isFixedTag(config.image.tag ?? "") ? "IfNotPresent" : "Always",
    },
    cpu: { guarantee: cpu.guarantee, limit: cpu.limit },
    // KubeSpawner's G is a GiB.
    memory: { guarantee: `${memoryGiB.guarantee}G`, limit: `${memoryGiB.limit}G` },
    storage: {
      type: "static",
      // A name of its own for every user, and one that can be read back. It is also where hubs of the Dandihub form
      // have their homes: `{username}` meant the escaped name until KubeSpawner 7.
      static: { pvcName: homeClaim, subPath: "{escaped_username}" },
      // Beside the home, where Dandihub's users know it: below it, a mount point would be left in every home.
      extraVolumes: { shared: { name: "shared", persistentVolumeClaim: { claimName: sharedClaim } } },
      extraVolumeMounts: { shared: { name: "shared", mountPath: "/shared" } },
    },
    // A new node and a large image take longer than the chart's five minutes.
    startTimeout: 1200,
    defaultUrl: "/lab",
    // Instances answer metadata requests from one hop away only, which pods are not; the chart's way would put a
    // privileged container into every user's pod.
    cloudMetadata: { blockWithIptables: false },
    extraAnnotations: { "karpenter.sh/do-not-disrupt": "true" },
  };
}

/** Whether a tag looks like one that is never moved: a digest, a date, a version of at least two parts, a commit. */
function isFixedTag(tag: string): boolean {
  return (
    /sha256:[0-9a-f]{64}/.test(tag) ||
    /\d{4}[-.]?\d{2}[-.]?\d{2}/.test(tag) ||
    /\d+\.\d+/.test(tag) ||
    /(^|[^0-9a-z])(?=[a-f]*\d)[0-9a-f]{7,40}($|[^0-9a-z])/.test(tag)
  );
}
