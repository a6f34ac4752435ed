import { mergeValues } from "../config/layers.ts";
import { testedVersions } from "../versions.ts";
import { restoringDatabase } from "./hub-database.ts";
import { hubLogin } from "./hub-login.ts";
import { hubProxy } from "./hub-proxy.ts";
import { chartImage } from "./images.ts";
import type { ReleaseInputs } from "./inputs.ts";
import { platform } from "./platform.ts";
import type { Release } from "./release.ts";
import { openFoldersToAdmins } from "./shared-folders.ts";
import { userServers } from "./user-servers.ts";

const onNodesOfPurpose = { nodeAffinity: { matchNodePurpose: "require" } };

export const hub: Release = {
  name: "hub",
  namespace: platform.namespace,
  chart: {
    name: "jupyterhub",
    version: testedVersions.charts.jupyterhub,
    repository: "https://hub.jupyter.org/helm-chart/",
  },
  waitsFor: ({ config, certificateArn }) =>
    typeof config.certificate === "string" && certificateArn === undefined
      ? "known once the certificate is issued"
      : undefined,
  // The operator's own values come last: they are the way out where hubctl has no setting, so nothing is kept from them.
  values: (inputs: ReleaseInputs) =>
    restoringDatabase(mergeValues(hubValues(inputs), inputs.config.hub.values), inputs),
};

function hubValues(inputs: ReleaseInputs): Record<string, unknown> {
  return {
    hub: hubPod(inputs),
    proxy: hubProxy(inputs),
    singleuser: userServers(inputs),
    scheduling: {
      // The chart's scheduler is older than the clusters it would run on, and Karpenter packs users already.
      userScheduler: { enabled: false },
      userPlaceholder: { enabled: false },
      corePods: onNodesOfPurpose,
      userPods: onNodesOfPurpose,
    },
    // The hook would hold up every upgrade until each node has the image, and the nodes come and go with users.
    prePuller: { hook: { enabled: false }, continuous: { enabled: false } },
    cull: culling(inputs),
  };
}

function hubPod(inputs: ReleaseInputs): Record<string, unknown> {
  const { config, generated } = inputs;
  const login = hubLogin(inputs);
  return {
    ...(config.hub.image === undefined ? {} : { image: chartImage(config.hub.image, inputs) }),
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
    extraConfig: extraConfig(inputs, login.python),
    // https://jupyterhub.readthedocs.io/en/5.5.0/howto/templates.html#page-announcements
    ...(config.banner === undefined ? {} : { templateVars: { announcement: config.banner } }),
    db: {
      type: "sqlite-pvc",
      // The hub's accounts: without this annotation `helm uninstall` deletes them.
      pvc: { annotations: { "helm.sh/resource-policy": "keep" }, storageClassName: "gp3", storage: "10Gi" },
    },
    resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { memory: "2Gi" } },
  };
}

/**
 * The hub runs these in the order of their names: first the operator's, in the order of their files, then hubctl's own,
 * which call the hooks that they find set.
 */
function extraConfig({ config }: ReleaseInputs, loginPython: string | undefined): Record<string, string> {
  const own = {
    "z-hubctl-admins-need-admin-password": loginPython,
    "z-hubctl-open-folders-to-admins": openFoldersToAdmins(config),
  };
  return Object.fromEntries([
    ...Object.entries(config.hub.extraConfig)
      .map(([name, python]) => [`jupyterhub_config.d/${name}`, python] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    ...Object.entries(own).filter(([, python]) => python !== undefined),
  ]) as Record<string, string>;
}

/** Nodes are only given back once their users' servers are gone. */
function culling({ config }: ReleaseInputs): Record<string, unknown> {
  const { enabled, idleMinutes, maxAgeHours } = config.culling;
  if (!enabled) return { enabled };
  return {
    enabled,
    timeout: Math.round(idleMinutes * 60),
    every: Math.min(600, Math.round(idleMinutes * 60)),
    ...(maxAgeHours === undefined ? {} : { maxAge: Math.round(maxAgeHours * 3600) }),
  };
}
