import { parseAllDocuments } from "yaml";
import { z } from "zod";

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.unknown()).nullish(),
  }),
});
export type ManifestObject = z.infer<typeof objectSchema>;

/** Kinds of the charts' objects that live in no namespace. */
const clusterWide = [
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "EC2NodeClass",
  "Namespace",
  "NodeOverlay",
  "NodePool",
  "PersistentVolume",
  "PriorityClass",
  "RuntimeClass",
  "StorageClass",
];

/** The objects of a manifest of Helm's; those that name no namespace get the release's, as Helm gives it to them. */
export function parseManifest(manifest: string, namespace: string): ManifestObject[] {
  return parseAllDocuments(manifest).flatMap((document) => {
    const { data } = objectSchema.safeParse(document.toJS());
    if (!data) return [];
    const { namespace: own = namespace, ...metadata } = data.metadata;
    return [{ ...data, metadata: clusterWide.includes(data.kind) ? metadata : { ...metadata, namespace: own } }];
  });
}

const answerSchema = z.union([
  z.object({ items: z.array(objectSchema) }),
  objectSchema.transform((one) => ({ items: [one] })),
]);

/** What kubectl prints of objects: nothing, one, or a list. */
export function parseLiveObjects(stdout: string): ManifestObject[] {
  return stdout.trim() === "" ? [] : answerSchema.parse(JSON.parse(stdout)).items;
}

/** "Deployment/jupyterhub/hub", "NodePool/user" */
export function addressOf({ kind, metadata: { namespace, name } }: ManifestObject): string {
  return [kind, ...(namespace === undefined ? [] : [namespace]), name].join("/");
}

/** Tells objects of the same name apart whose kinds only share a name; not their versions, which are one object's. */
export function keyOf(object: ManifestObject): string {
  const [group, version] = object.apiVersion.split("/");
  return `${version === undefined ? "" : (group ?? "")} ${addressOf(object)}`;
}

/** Helm leaves it in the cluster: https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource */
export function isKept({ metadata }: ManifestObject): boolean {
  return metadata.annotations?.["helm.sh/resource-policy"] === "keep";
}
