import type { KubeClient, KubeObject } from "../kube/client.ts";

interface DataObject extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

/** The values of a ConfigMap or Secret as a container sees them; undefined if it does not exist. */
export async function readData(
  kube: KubeClient,
  kind: "configmap" | "secret",
  namespace: string,
  name: string,
): Promise<Record<string, Buffer> | undefined> {
  const object = await kube.get<DataObject>(`/api/v1/namespaces/${namespace}/${kind}s/${name}`);
  if (object === undefined) return undefined;
  const encoding = kind === "secret" ? "base64" : "utf8";
  const plain = Object.entries(object.data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]);
  const binary = Object.entries(object.binaryData ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]);
  return Object.fromEntries([...plain, ...binary]) as Record<string, Buffer>;
}
