import type { IncomingMessage, ServerResponse } from "node:http";
import type { KubeClient, KubeObject } from "../kube/client.ts";

interface Service extends KubeObject {
  spec: { selector?: Record<string, string> };
  status?: { loadBalancer?: { ingress?: { hostname?: string }[] } };
}

interface Pod extends KubeObject {
  spec: { volumes?: { secret?: { secretName?: string } }[] };
  status?: { conditions?: { type: string; status: string }[] };
}

interface Secret extends KubeObject {
  data?: Record<string, string>;
}

/** What lies behind a load balancer: the pods of one Service, as far as they are ready. */
export interface Backend {
  kube: KubeClient;
  namespace: string;
  pods: Pod[];
}

export async function findBackend(clusters: readonly KubeClient[], host: string): Promise<Backend | undefined> {
  for (const kube of clusters) {
    const services = await kube.list<Service>("/api/v1/services");
    const service = services.find(({ status }) =>
      status?.loadBalancer?.ingress?.some(({ hostname }) => hostname?.toLowerCase() === host),
    );
    if (!service) continue;
    const namespace = service.metadata.namespace ?? "default";
    return { kube, namespace, pods: await readyPods(kube, namespace, service.spec.selector ?? {}) };
  }
  return undefined;
}

/** Key and chain that the proxy ends TLS with by itself, where the load balancer only passes on. */
export async function ownCertificate({
  kube,
  namespace,
  pods,
}: Backend): Promise<{ key: string; cert: string } | undefined> {
  const names = pods.flatMap(({ spec }) => spec.volumes?.flatMap(({ secret }) => secret?.secretName ?? []) ?? []);
  for (const name of names) {
    const secret = await kube.get<Secret>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
    const { "tls.key": key, "tls.crt": cert } = secret?.data ?? {};
    if (key !== undefined && cert !== undefined) return { key: decode(key), cert: decode(cert) };
  }
  return undefined;
}

/** Stands in for the hub's proxy, which is not a real program here, and for the hub behind it. */
export async function answerAsProxy(
  { kube, namespace }: Backend,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = "/"] = (request.url ?? "/").split("?");
  if (path === "/_chp_healthz") {
    send(response, 200, { status: "OK" });
    return;
  }
  const hubs = await readyPods(kube, namespace, { component: "hub" });
  if (hubs.length === 0) send(response, 503, { message: "Service Unavailable" });
  else if (path.startsWith("/hub/")) send(response, 200, {});
  else send(response, 302, {}, { location: "/hub/" });
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

async function readyPods(kube: KubeClient, namespace: string, labels: Record<string, string>): Promise<Pod[]> {
  const selector = Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
  const query = new URLSearchParams({ labelSelector: selector });
  const pods = await kube.list<Pod>(`/api/v1/namespaces/${namespace}/pods?${query.toString()}`);
  return pods.filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
  );
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}
