import type { Deployment } from "../../src/config/deployment.ts";
import type { HubConfig } from "../../src/config/hub-config.ts";
import { parseKarpenterObjects, parseKubeObjects, type Pod } from "../../src/health/kube-objects.ts";
import { releaseInputs } from "./release-inputs.ts";

export const now = new Date("2026-11-21T12:00:00Z");

export function minutesAgo(minutes: number): string {
  return new Date(now.getTime() - minutes * 60_000).toISOString();
}

const deployment: Deployment = {
  name: "dandihub",
  root: "/hubs",
  form: "tfvars",
  configFile: "/hubs/dandihub.tfvars",
  lockFile: "/hubs/dandihub.hub.lock.yaml",
  workDir: "/hubs/.hubctl/dandihub",
};

/** What a layer's judgement knows besides what was asked. */
export function subject(config: Partial<HubConfig> = {}) {
  const inputs = releaseInputs({ config });
  const lock = {
    ...inputs.lock,
    addons: { "vpc-cni": "v1.20.4", coredns: "v1.13.1" },
    zones: [
      { id: "use2-az1", name: "us-east-2a" },
      { id: "use2-az2", name: "us-east-2b" },
    ],
  };
  return { deployment, config: inputs.config, lock, files: [deployment.configFile], now };
}

type Metadata = Partial<Pod["metadata"]>;

function metadata(changes: Metadata): object {
  return { name: "x", creationTimestamp: minutesAgo(60), ...changes };
}

/** A pod of the hub's namespace as kubectl prints it; ready unless `status` says otherwise. */
export function pod(component: string, changes: { metadata?: Metadata; spec?: object; status?: object } = {}): object {
  return {
    kind: "Pod",
    metadata: metadata({
      name: `${component}-1`,
      namespace: "jupyterhub",
      labels: { component },
      ...changes.metadata,
    }),
    spec: { nodeName: "node-1", ...changes.spec },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }], ...changes.status },
  };
}

/** The status of a pod whose container is as given. */
export function containerStatus(container: object): object {
  return {
    phase: "Pending",
    conditions: [{ type: "Ready", status: "False" }],
    containerStatuses: [
      { name: "main", image: "quay.io/example/image:1", ready: false, restartCount: 0, ...container },
    ],
  };
}

export function node(purpose: string, status = "True", changes: Metadata = {}): object {
  return {
    kind: "Node",
    metadata: metadata({ name: `${purpose}-node`, labels: { "hub.jupyter.org/node-purpose": purpose }, ...changes }),
    status: { conditions: [{ type: "Ready", status, lastTransitionTime: minutesAgo(20) }] },
  };
}

export function object(kind: string, changes: { metadata?: Metadata; spec?: object; status?: object }): object {
  return { kind, ...changes, metadata: metadata({ namespace: "jupyterhub", ...changes.metadata }) };
}

export function kubeObjects(...items: object[]) {
  return parseKubeObjects(JSON.stringify({ kind: "List", items }));
}

export function karpenterObjects(...items: object[]) {
  return parseKarpenterObjects(JSON.stringify({ kind: "List", items }));
}
