"""The files of a bundle, by name: of a directory, or of an archive (`bundle.tar.gz`) as OPA has them.

It exists so that both are read by the same rules. An archive comes from elsewhere and is looked at before its signature
is: it is never unpacked to disk, its size is bounded before it is believed, and a file that OPA would take and the
embedded engine would not (YAML, WebAssembly, a patch) makes it unfit, because the two would decide differently.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

MANIFEST = ".manifest"
SIGNATURES = ".signatures.json"
DATA = "data.json"
LIMIT = 64 * 2**20  # bytes of an archive, unpacked
_OTHERS = frozenset(  # what OPA takes from a bundle beside our own
    {"data.yaml", "data.yml", "patch.json", "policy.wasm", "plan.json", "plan.pb", ".manifest.pb"}
)


class FilesError(Exception):
    """What is there is no bundle; the message names the file and the reason."""


def read_files(bundle: Path) -> dict[str, bytes]:
    """Return the files of a bundle by their names ("gurum/authz/authz.rego"), in order. Raises FilesError."""
    try:
        found = _of_directory(bundle) if bundle.is_dir() else _of_archive(bundle)
    except (OSError, EOFError, zlib.error, tarfile.TarError, UnicodeError) as error:
        raise FilesError(f"{bundle}: {str(error) or type(error).__name__}") from error
    return dict(sorted(found.items(), key=lambda item: PurePosixPath(item[0])))


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of the files; the same files are the same bytes."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _belongs(name: str) -> bool:
    base = PurePosixPath(name).name
    return base == DATA or base.endswith(".rego") or name in {MANIFEST, SIGNATURES}


def _of_directory(root: Path) -> dict[str, bytes]:
    found = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.name in _OTHERS:
            raise FilesError(f"{root}: {name}: only an OPA server would read it")
        if _belongs(name) and path.is_file():
            found[name] = path.read_bytes()
    return found


def _of_archive(path: Path) -> dict[str, bytes]:
    with gzip.open(path) as stream:
        content = stream.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise FilesError(f"{path}: unpacked it has more than {LIMIT} bytes")
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for member in archive:
            if member.isdir():
                continue
            name = member.name.lstrip("/").removeprefix("./")
            file = archive.extractfile(member) if member.isreg() else None
            if file is None or not _belongs(name) or ".." in PurePosixPath(name).parts:
                raise FilesError(f"{path}: {name!r} has no place in a bundle")
            if name in found:
                raise FilesError(f"{path}: {name} is there twice")
            found[name] = file.read()
    return found
