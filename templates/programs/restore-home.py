"""Brings a home that AWS Backup has put beside all others to its user.

It lies in a folder aws-backup-restore_TIME at the top of the file system, and the newest of them is taken. It becomes the
user's home where there is none, or an empty one; else it goes into the folder $LABEL of the home, which stays as it is.
"""

import json
import os
import shutil
import stat
import sys
from pathlib import Path

file_system = Path(os.environ["FILE_SYSTEM"])
home = file_system / "home" / os.environ["FOLDER"]
label = os.environ["LABEL"]


def main():
    found = sorted(
        candidate
        for folder in file_system.glob("aws-backup-restore_*")
        if (candidate := folder / "home" / home.name).is_dir() and any(candidate.iterdir())
    )
    if not found:
        sys.exit(
            f"the backup holds no home {home.name}, or an empty one: check the user's name, or choose another recovery"
            " point with --from"
        )
    source = found[-1]
    target = choose_target()
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    files = copy_tree(source, partial)
    # All of it is there, or nothing; an empty folder may be in the way.
    partial.rename(target)
    # What AWS Backup made belongs to others; what is left of it are empty folders.
    shutil.rmtree(source, ignore_errors=True)
    where = "" if target == home else target.name
    Path(os.environ["RESULT"]).write_text(json.dumps({"folder": where, "files": files}))


def choose_target():
    if not home.exists() or not any(home.iterdir()):
        return home
    number = 1
    while (target := home / (label if number == 1 else f"{label}-{number}")).exists():
        number += 1
    return target


def copy_tree(source, target):
    files = 0

    def copy_file(original, copied):
        nonlocal files
        files += 1
        return shutil.copy2(original, copied)

    shutil.copytree(source, target, symlinks=True, ignore=what_is_no_file, copy_function=copy_file)
    return files


def what_is_no_file(folder, names):
    """Sockets and pipes, which nobody can copy."""
    kinds = (stat.S_ISREG, stat.S_ISDIR, stat.S_ISLNK)
    modes = {name: os.lstat(os.path.join(folder, name)).st_mode for name in names}
    return [name for name, mode in modes.items() if not any(is_kind(mode) for is_kind in kinds)]


try:
    main()
except (OSError, shutil.Error) as error:
    sys.exit(f"the home {home.name} could not be brought back: {error}")
