"""The file of a backup: a compressed tar whose first member says what the others must be.

The manifest carries a checksum of every member. A file that was cut off or changed by somebody is refused as a whole,
before anything of it is put anywhere. The file holds secrets and is readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from gurum.supervisor.rows import Refusal

FORMAT = 1
MANIFEST = "manifest.json"


class Member(msgspec.Struct, frozen=True):
    """What a member must be."""

    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """taken_at: seconds since the epoch, before the first byte was copied. release: who wrote it."""

    format: int
    release: str
    taken_at: float
    deployment: str
    members: dict[str, Member]


def write(target: Path, release: str, taken_at: float, deployment: str, files: Mapping[str, Path]) -> Manifest:
    """Write the archive of `files` (name within it to path). Raises Refusal if the target exists, OSError."""
    members = {name: Member(_digest(path), path.stat().st_size) for name, path in files.items()}
    manifest = Manifest(format=FORMAT, release=release, taken_at=taken_at, deployment=deployment, members=members)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as tar:
                data = msgspec.json.encode(manifest)
                _add(tar, MANIFEST, len(data), taken_at, io.BytesIO(data))
                for name, path in files.items():
                    with path.open("rb") as content:
                        _add(tar, name, members[name].size, taken_at, content)
            raw.flush()
            os.fsync(raw.fileno())
        os.link(draft, target)  # unlike a rename, this does not replace what is there
    except FileExistsError as error:
        raise Refusal(f"{target} exists; a backup never replaces a file") from error
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _add(tar: tarfile.TarFile, name: str, size: int, at: float, content: io.BufferedIOBase) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(at)
    tar.addfile(entry, content)


def unpack(source: Path, directory: Path) -> Manifest:
    """Unpack into an empty directory, files 0600, and return the manifest.

    Raises Refusal for what is no backup, not whole, or of a later format; then the directory holds nothing of use.
    """
    try:
        with tarfile.open(source, mode="r:gz") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST:
                raise Refusal(f"{source} is not a backup of Gurum")
            manifest = msgspec.json.decode(_content(tar, first), type=Manifest)
            if manifest.format > FORMAT:
                raise Refusal(f"{source} was written by release {manifest.release}, which is newer than this one")
            seen = set()
            while (entry := tar.next()) is not None:
                _place(tar, entry, manifest, directory)
                seen.add(entry.name)
    except (tarfile.TarError, EOFError, OSError, msgspec.MsgspecError) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise Refusal(f"{source} is damaged: {error}") from error
    missing = manifest.members.keys() - seen
    if missing:
        raise Refusal(f"{source} is damaged: it lacks {', '.join(sorted(missing))}")
    return manifest


def _place(tar: tarfile.TarFile, entry: tarfile.TarInfo, manifest: Manifest, directory: Path) -> None:
    wanted = manifest.members.get(entry.name)
    name = PurePosixPath(entry.name)
    if wanted is None or not entry.isreg() or name.is_absolute() or ".." in name.parts:
        raise Refusal(f"the backup has a member that its manifest does not tell: {entry.name}")
    data = _content(tar, entry)
    if len(data) != wanted.size or hashlib.sha256(data).hexdigest() != wanted.sha256:
        raise Refusal(f"the backup is damaged: {entry.name} is not what was written")
    target = directory / name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(entry)
    return b"" if file is None else file.read()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
