import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { KubeClient, KubeObject } from "../kube/client.ts";
import type { KubeletDependencies } from "./dependencies.ts";
import { readEfsHandle } from "./volumes.ts";
import { csiDrivers } from "./node-objects.ts";

/** The folder, in a sandbox's own, of what lies on EBS volumes and EFS file systems; it is part of snapshots. */
export const keptVolumes = "volumes";

interface Claim extends KubeObject {
  spec: { volumeName?: string };
}

interface PersistentVolume extends KubeObject {
  spec: { csi?: { driver: string; volumeHandle: string } };
}

interface ClaimFolders {
  kube: KubeClient;
  dependencies: Pick<KubeletDependencies, "accessPointRoot">;
  /** The sandbox's folder. */
  dir: string;
}

/**
 * The folder that stands for a bound claim. It belongs to the volume's or the file system's id, which AWS never gives
 * twice: it outlives pods, claims and clusters, and nobody finds it again once the volume is deleted.
 */
export async function folderOfClaim(
  { kube, dependencies, dir }: ClaimFolders,
  namespace: string,
  claimName: string,
): Promise<string> {
  const claim = await kube.get<Claim>(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claimName}`);
  const volume = await kube.get<PersistentVolume>(`/api/v1/persistentvolumes/${claim?.spec.volumeName ?? ""}`);
  const { driver, volumeHandle = "" } = volume?.spec.csi ?? {};
  const folder = join(dir, keptVolumes, await pathOf(dependencies, driver, volumeHandle));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

async function pathOf(
  { accessPointRoot }: Pick<KubeletDependencies, "accessPointRoot">,
  driver: string | undefined,
  handle: string,
): Promise<string> {
  if (driver === csiDrivers.ebs) return handle;
  if (driver !== csiDrivers.efs) throw new Error(`nothing stands in for volumes of ${driver ?? "no driver"}`);
  const { fileSystemId, accessPointId } = readEfsHandle(handle);
  return join(fileSystemId, accessPointId === undefined ? "/" : await accessPointRoot(accessPointId));
}
