import type { KubeClient, KubeObject } from "../kube/client.ts";
import type { KubeletDependencies } from "./dependencies.ts";
import type { Pod, Volume } from "./kube-objects.ts";
import { csiDrivers } from "./node-objects.ts";
import type { ManagedNode } from "./nodes.ts";
import { readData } from "./references.ts";

interface Claim extends KubeObject {
  spec: { volumeName?: string };
  status?: { phase?: string };
}

interface PersistentVolume extends KubeObject {
  spec: { csi?: { driver: string; volumeHandle: string } };
}

interface VolumeAttachment extends KubeObject {
  spec: { attacher: string; nodeName: string; source: { persistentVolumeName?: string } };
  status?: { attached?: boolean; attachError?: { message?: string } };
}

export interface VolumeChecks {
  kube: KubeClient;
  dependencies: KubeletDependencies;
}

/** Why a pod's volumes cannot be mounted yet, in the kubelet's words; undefined if all can. */
export async function findVolumeProblem(
  checks: VolumeChecks,
  pod: Pod,
  node: ManagedNode,
): Promise<string | undefined> {
  for (const volume of pod.spec.volumes ?? []) {
    const problem =
      (await findMissingReference(checks.kube, pod.metadata.namespace, volume)) ??
      (await findClaimProblem(checks, pod.metadata.namespace, volume, node));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

async function findMissingReference(kube: KubeClient, namespace: string, volume: Volume): Promise<string | undefined> {
  const { configMap, secret, projected } = volume;
  const references = [
    ...(configMap ? [{ kind: "configmap" as const, ...configMap }] : []),
    ...(secret
      ? [{ kind: "secret" as const, name: secret.secretName, items: secret.items, optional: secret.optional }]
      : []),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...(source.configMap ? [{ kind: "configmap" as const, ...source.configMap }] : []),
      ...(source.secret ? [{ kind: "secret" as const, ...source.secret }] : []),
    ]),
  ];
  for (const { kind, name, items, optional } of references) {
    if (optional === true) continue;
    const data = await readData(kube, kind, namespace, name);
    const missing = items?.find(({ key }) => data?.[key] === undefined)?.key;
    if (data !== undefined && missing === undefined) continue;
    const why =
      data === undefined ? `${kind} "${name}" not found` : `references non-existent ${kind} key: ${missing ?? ""}`;
    return `MountVolume.SetUp failed for volume "${volume.name}" : ${why}`;
  }
  return undefined;
}

async function findClaimProblem(
  checks: VolumeChecks,
  namespace: string,
  volume: Volume,
  node: ManagedNode,
): Promise<string | undefined> {
  if (volume.persistentVolumeClaim === undefined) return undefined;
  const { kube } = checks;
  const { claimName } = volume.persistentVolumeClaim;
  const claim = await kube.get<Claim>(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claimName}`);
  if (claim === undefined) return `persistentvolumeclaim "${claimName}" not found`;
  const name = claim.spec.volumeName ?? "";
  if (claim.status?.phase !== "Bound") return `persistentvolumeclaim "${claimName}" is not bound`;
  const persistent = await kube.get<PersistentVolume>(`/api/v1/persistentvolumes/${name}`);
  const { driver, volumeHandle = "" } = persistent?.spec.csi ?? {};
  if (driver === undefined) return undefined;
  if (!(driver === csiDrivers.ebs ? node.equipment.ebs : driver === csiDrivers.efs && node.equipment.efs)) {
    return `MountVolume.MountDevice failed for volume "${name}" : kubernetes.io/csi: driver name ${driver} not found in the list of registered CSI drivers`;
  }
  if (driver === csiDrivers.ebs) return await findAttachProblem(kube, name, node);
  const problem = await checks.dependencies.findMountProblem({
    ...readEfsHandle(volumeHandle),
    vpcId: node.instance.vpcId,
    zone: node.instance.zone,
  });
  return problem === undefined
    ? undefined
    : `MountVolume.SetUp failed for volume "${name}" : rpc error: code = Internal desc = Could not mount "${volumeHandle}": ${problem}`;
}

/** "fs-1", "fs-1:/path" or "fs-1:/path:fsap-2", path possibly empty. */
export function readEfsHandle(handle: string): { fileSystemId: string; accessPointId: string | undefined } {
  const [fileSystemId = "", , accessPointId] = handle.split(":");
  return { fileSystemId, accessPointId: accessPointId === "" ? undefined : accessPointId };
}

async function findAttachProblem(kube: KubeClient, name: string, node: ManagedNode): Promise<string | undefined> {
  const attachments = await kube.list<VolumeAttachment>("/apis/storage.k8s.io/v1/volumeattachments");
  const attachment = attachments.find(
    ({ spec }) => spec.source.persistentVolumeName === name && spec.nodeName === node.name,
  );
  if (attachment?.status?.attached === true) return undefined;
  const why = attachment?.status?.attachError?.message ?? "timed out waiting for the attachment";
  return `AttachVolume.Attach failed for volume "${name}" : ${why}`;
}
