"""Mount targets and file systems are "deleting" for a while; the interface of a mount target stays until then.

https://docs.aws.amazon.com/efs/latest/ug/API_DeleteMountTarget.html
https://docs.aws.amazon.com/efs/latest/ug/API_DeleteFileSystem.html
"""

from functools import wraps

from moto.efs.exceptions import FileSystemNotFound
from moto.efs.models import EFSBackend

from .interfaces import hold, remove_interface
from .settling import later, later_action

create_mount_target = EFSBackend.create_mount_target
delete_file_system = EFSBackend.delete_file_system

MOUNT_TARGET_SECONDS = 2
FILE_SYSTEM_SECONDS = 1


def apply():
    EFSBackend.create_mount_target = create_mount_target_and_interface
    EFSBackend.delete_mount_target = delete_mount_target
    EFSBackend.delete_file_system = delete_file_system_slowly
    for name in ["describe_backup_policy", "describe_file_system_policy", "put_file_system_policy"]:
        setattr(EFSBackend, name, of_one_that_exists(getattr(EFSBackend, name)))


def of_one_that_exists(action):
    """moto fails with an error of its own at the policy of a file system that is gone."""

    @wraps(action)
    def checked(self, file_system_id, *args, **kwargs):
        if file_system_id not in self.file_systems_by_id:
            raise FileSystemNotFound(file_system_id)
        return action(self, file_system_id, *args, **kwargs)

    return checked


def create_mount_target_and_interface(self, *args, **kwargs):
    target = create_mount_target(self, *args, **kwargs)
    eni = self.ec2_backend.get_network_interface(target.network_interface_id)
    hold(eni, "amazon-aws", f"EFS mount target for {target.file_system_id} ({target.mount_target_id})", "efs")
    return target


def delete_mount_target(self, mount_target_id):
    # Of one that does not exist it says what AWS says.
    self.describe_mount_targets(1, None, mount_target_id, None, None)
    target = self.mount_targets_by_id[mount_target_id]
    if target.life_cycle_state != "deleting":
        target.life_cycle_state = "deleting"
        later(self, MOUNT_TARGET_SECONDS, end_mount_target, mount_target_id)


@later_action
def end_mount_target(efs_backend, mount_target_id):
    target = efs_backend.mount_targets_by_id.pop(mount_target_id)
    remove_interface(efs_backend.ec2_backend, target.network_interface_id)
    target.clean_up()


def delete_file_system_slowly(self, file_system_id):
    file_system = self.file_systems_by_id.get(file_system_id)
    if file_system is None or file_system.number_of_mount_targets > 0:
        # It says why not.
        delete_file_system(self, file_system_id)
    elif file_system.life_cycle_state != "deleting":
        file_system.life_cycle_state = "deleting"
        later(self, FILE_SYSTEM_SECONDS, end_file_system, file_system_id)


@later_action
def end_file_system(efs_backend, file_system_id):
    delete_file_system(efs_backend, file_system_id)
    for point in [one for one in efs_backend.access_points.values() if one.file_system_id == file_system_id]:
        del efs_backend.access_points[point.access_point_id]
