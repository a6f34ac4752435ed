"""Puts what $SOURCE, a URL, holds into the folder $TARGET, once: afterwards the folder is its users'."""

import os
import shutil
import tarfile
import urllib.request
import zipfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

source = os.environ["SOURCE"]
target = Path(os.environ["TARGET"])
marker = target / ".hubctl-filled"
staging = target / ".hubctl-filling"


def fill():
    shutil.rmtree(staging, ignore_errors=True)
    content = staging / "content"
    content.mkdir(parents=True)
    unpack(download(staging / "download"), content)
    for entry in content.iterdir():
        if (target / entry.name).exists():
            print(f"{entry.name} is in the folder already, and stays as it is")
        else:
            entry.rename(target / entry.name)
    shutil.rmtree(staging)
    marker.write_text(f"{source}\n")


def download(file):
    with urllib.request.urlopen(source, timeout=60) as response, file.open("wb") as output:
        shutil.copyfileobj(response, output)
    expected = response.headers.get("Content-Length")
    if expected is not None and int(expected) != file.stat().st_size:
        raise OSError(f"{source} broke off after {file.stat().st_size} of {expected} bytes")
    return file


def unpack(file, folder):
    if tarfile.is_tarfile(file):
        with tarfile.open(file) as archive:
            archive.extractall(folder, filter="data")
    elif zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            archive.extractall(folder)
    else:
        name = PurePosixPath(unquote(urlsplit(source).path)).name
        file.rename(folder / (name if name not in ("", "..") else "download"))


if marker.exists():
    print(f"{target} has been filled already")
else:
    fill()
