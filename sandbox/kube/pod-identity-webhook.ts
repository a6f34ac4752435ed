import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CertificateAuthority } from "./certificates.ts";
import type { KubeClient } from "./client.ts";

export interface PodIdentityWebhookOptions {
  kube: KubeClient;
  authority: CertificateAuthority;
  region: string;
  /** The role that a service account is associated with; undefined if there is no association. */
  podIdentityRole(namespace: string, serviceAccount: string): string | undefined;
}

/** What is read of a pod at its admission. */
interface Pod {
  metadata?: { namespace?: string };
  spec: {
    serviceAccountName?: string;
    volumes?: { name: string }[];
    containers: Container[];
    initContainers?: Container[];
  };
}

interface Container {
  name: string;
  env?: { name: string; value?: string }[];
  volumeMounts?: { name: string; mountPath: string }[];
}

interface JsonPatch {
  op: "add";
  path: string;
  value: unknown;
}

const volumeName = "eks-pod-identity-token";
const mountPath = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
const podIdentityEnvironment = {
  AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${mountPath}/${volumeName}`,
} as const;

/** The admission webhook of EKS Pod Identity. Registers itself; like EKS' own, a pod is admitted if it fails. */
export async function startPodIdentityWebhook(options: PodIdentityWebhookOptions): Promise<{ stop(): Promise<void> }> {
  const serving = options.authority.issue({ commonName: "pod-identity-webhook", hosts: ["127.0.0.1"] });
  const server = createServer({ cert: serving.certificate, key: serving.key }, (request, response) => {
    answer(options, request, response).catch(() => response.writeHead(400).end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  await options.kube.apply(webhookConfiguration((server.address() as AddressInfo).port, options.authority.certificate));
  return { stop: () => stopServer(server) };
}

async function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function webhookConfiguration(port: number, ca: string): object {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "pod-identity-webhook" },
    webhooks: [
      {
        name: "iam-for-pods.amazonaws.com",
        admissionReviewVersions: ["v1"],
        clientConfig: { url: `https://127.0.0.1:${port}/mutate`, caBundle: Buffer.from(ca).toString("base64") },
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "*" }],
        failurePolicy: "Ignore",
        reinvocationPolicy: "IfNeeded",
        sideEffects: "None",
        timeoutSeconds: 10,
      },
    ],
  };
}

async function answer(
  options: PodIdentityWebhookOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const review = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
    request: { uid: string; namespace: string; object: Pod };
  };
  const { uid, namespace, object: pod } = review.request;
  const serviceAccount = pod.spec.serviceAccountName ?? "default";
  const hasRole = options.podIdentityRole(namespace, serviceAccount) !== undefined;
  const patch = hasRole ? podIdentityPatch(pod, options.region) : [];
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: {
        uid,
        allowed: true,
        ...(patch.length > 0
          ? { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") }
          : {}),
      },
    }),
  );
}

/** Adds token volume, mounts and variables; nothing that the pod already has is changed. */
export function podIdentityPatch(pod: Pod, region: string): JsonPatch[] {
  const variables = { AWS_STS_REGIONAL_ENDPOINTS: "regional", AWS_DEFAULT_REGION: region, AWS_REGION: region };
  const patch: JsonPatch[] = [];
  if (!(pod.spec.volumes ?? []).some(({ name }) => name === volumeName)) {
    const value = [...(pod.spec.volumes ?? []), tokenVolume];
    patch.push({ op: "add", path: "/spec/volumes", value });
  }
  for (const list of ["initContainers", "containers"] as const) {
    for (const [index, container] of (pod.spec[list] ?? []).entries()) {
      const path = `/spec/${list}/${index}`;
      const env = withMissing(container.env ?? [], { ...variables, ...podIdentityEnvironment });
      const mounts = container.volumeMounts ?? [];
      if (env !== undefined) patch.push({ op: "add", path: `${path}/env`, value: env });
      if (!mounts.some(({ name }) => name === volumeName)) {
        const value = [...mounts, { name: volumeName, mountPath, readOnly: true }];
        patch.push({ op: "add", path: `${path}/volumeMounts`, value });
      }
    }
  }
  return patch;
}

const tokenVolume = {
  name: volumeName,
  projected: {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { audience: "pods.eks.amazonaws.com", expirationSeconds: 86400, path: volumeName } },
    ],
  },
};

/** Undefined if nothing is missing. */
function withMissing(env: { name: string }[], wanted: Readonly<Record<string, string>>): object[] | undefined {
  const missing = Object.entries(wanted).filter(([name]) => !env.some((entry) => entry.name === name));
  return missing.length === 0 ? undefined : [...env, ...missing.map(([name, value]) => ({ name, value }))];
}
