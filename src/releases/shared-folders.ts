import type { HubConfig, SharedFolder } from "../config/hub-config.ts";

/** The claim that the platform chart makes for a folder; that of the folder "shared" is older than there being others. */
export function folderClaim(name: string): string {
  return name === "shared" ? name : `shared-${name}`;
}

/** What users' servers mount. A folder that only admins write to is read-only until the hub's configuration opens it. */
export function folderMounts(folders: readonly SharedFolder[]): {
  extraVolumes: Record<string, unknown>;
  extraVolumeMounts: Record<string, unknown>;
} {
  return {
    extraVolumes: Object.fromEntries(
      folders.map(({ name }) => [
        volumeName(name),
        { name: volumeName(name), persistentVolumeClaim: { claimName: folderClaim(name) } },
      ]),
    ),
    extraVolumeMounts: Object.fromEntries(
      folders.map(({ name, mountPath, writers }) => [
        volumeName(name),
        { name: volumeName(name), mountPath, ...(writers === "admins" ? { readOnly: true } : {}) },
      ]),
    ),
  };
}

/** Python that lets admins write to the folders that are theirs; undefined if there are none. */
export function openFoldersToAdmins({ storage }: HubConfig): string | undefined {
  const volumes = storage.sharedFolders
    .filter(({ writers }) => writers === "admins")
    .map(({ name }) => volumeName(name));
  if (volumes.length === 0) return undefined;
  return `\
import inspect

_hubctl_other_modify_pod_hook = c.KubeSpawner.get("modify_pod_hook")

def _hubctl_is_admin(user):
    roles = [*user.roles, *(role for group in user.groups for role in group.roles)]
    return user.admin or any(role.name == "admin" for role in roles)

async def _hubctl_open_folders_to_admins(spawner, pod):
    if _hubctl_is_admin(spawner.user):
        for container in pod.spec.containers:
            for mount in container.volume_mounts or []:
                if mount.name in ${JSON.stringify(volumes)}:
                    mount.read_only = False
    if _hubctl_other_modify_pod_hook is None:
        return pod
    answer = _hubctl_other_modify_pod_hook(spawner, pod)
    return await answer if inspect.isawaitable(answer) else answer

c.KubeSpawner.modify_pod_hook = _hubctl_open_folders_to_admins
`;
}

/** Beside "home" and "files", which are the hub chart's. */
function volumeName(name: string): string {
  return `folder-${name}`;
}
