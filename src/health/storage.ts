import {
  DescribeFileSystemsCommand,
  DescribeMountTargetsCommand,
  type FileSystemDescription,
  type MountTargetDescription,
} from "@aws-sdk/client-efs";
import { hub } from "../releases/hub.ts";
import type { Claim } from "./kube-objects.ts";
import { conclude, countOf, nameSome, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

export interface FileSystem {
  description: FileSystemDescription;
  mountTargets: MountTargetDescription[];
}

export async function checkStorage(scene: Scene): Promise<Finding> {
  const fileSystem = settle(askFileSystem(scene));
  const claims = settle(scene.objects.then(({ claims }) => claims));
  return judgeStorage(scene, await fileSystem, await claims);
}

async function askFileSystem({ aws, lock, config }: Scene): Promise<FileSystem | undefined> {
  // The token that the storage stack makes it with; only it and the id of the deployment are known without Terraform.
  const CreationToken = `${config.name}-${lock.id}`;
  const { FileSystems } = await aws.efs.send(new DescribeFileSystemsCommand({ CreationToken }));
  const description = FileSystems?.[0];
  if (!description?.FileSystemId) return undefined;
  const { FileSystemId } = description;
  const { MountTargets } = await aws.efs.send(new DescribeMountTargetsCommand({ FileSystemId }));
  return { description, mountTargets: MountTargets ?? [] };
}

export function judgeStorage(
  scene: Pick<Scene, "deployment" | "lock">,
  fileSystem: Answer<FileSystem | undefined>,
  claims: Answer<Claim[]>,
): Finding {
  const install = installAgain(scene);
  const remarks = [...fileSystemRemarks(fileSystem, scene, install), ...claimRemarks(claims)];
  const found = "value" in fileSystem ? fileSystem.value : undefined;
  const id = found?.description.FileSystemId;
  const bound = "value" in claims ? ownClaims(claims.value).length : 0;
  const good = `file system ${id ?? "?"}, ${countOf(found?.mountTargets.length ?? 0, "mount target")}, ${countOf(bound, "claim")} bound`;
  return conclude(good, remarks, {
    fileSystem: id,
    // Metered by AWS about once an hour.
    bytes: found?.description.SizeInBytes?.Value,
    mountTargets: found?.mountTargets.map(({ AvailabilityZoneName: zone, LifeCycleState: state }) => ({ zone, state })),
  });
}

function fileSystemRemarks(
  fileSystem: Answer<FileSystem | undefined>,
  { lock }: Pick<Scene, "lock">,
  install: string,
): Remark[] {
  if ("unknown" in fileSystem) return [{ state: "unknown", text: fileSystem.unknown }];
  if (!fileSystem.value) {
    return [{ state: "problem", text: "the file system with the users' homes is not there", todo: install }];
  }
  const { description, mountTargets } = fileSystem.value;
  const { FileSystemId = "?", LifeCycleState = "?" } = description;
  const remarks: Remark[] = [];
  if (LifeCycleState !== "available" && LifeCycleState !== "updating") {
    const state = LifeCycleState === "creating" ? "warning" : "problem";
    remarks.push({ state, text: `the file system ${FileSystemId} is ${LifeCycleState}` });
  }
  const zones = new Set(mountTargets.map(({ AvailabilityZoneId }) => AvailabilityZoneId));
  const without = lock.zones.filter(({ id }) => !zones.has(id)).map(({ name }) => name);
  if (without.length > 0) {
    const text = `no mount target in ${nameSome(without)}: servers there can't reach the homes`;
    remarks.push({ state: "problem", text, todo: install });
  }
  for (const { MountTargetId = "?", LifeCycleState: state = "?" } of mountTargets) {
    if (state === "available" || state === "updating") continue;
    const text = `the mount target ${MountTargetId} is ${state}`;
    remarks.push({ state: state === "creating" ? "warning" : "problem", text, todo: install });
  }
  return remarks;
}

function ownClaims(claims: readonly Claim[]): Claim[] {
  return claims.filter(({ metadata }) => metadata.namespace === hub.namespace);
}

function claimRemarks(claims: Answer<Claim[]>): Remark[] {
  if ("unknown" in claims) return [{ state: "unknown", text: claims.unknown }];
  const own = ownClaims(claims.value);
  if (own.length === 0) {
    return [{ state: "problem", text: `there is no claim on any volume in namespace ${hub.namespace}` }];
  }
  return own
    .filter(({ status }) => status.phase !== "Bound")
    .map(({ metadata, status }) => ({
      state: "problem",
      text: `the claim ${metadata.name} is ${status.phase}, not Bound`,
      todo: `kubectl describe persistentvolumeclaim ${metadata.name} -n ${hub.namespace}`,
    }));
}
