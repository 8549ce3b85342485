"""`gurum policy bundle`: from a directory to one file, in OPA's form, signed.

It exists so that what a region decides by is one thing that can be carried, named and believed: by stock OPA servers,
and by the embedded engine. What is unfit to decide is not packed: it is checked, and compiled in a child process.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from gurum.policy.answer import entrypoints
from gurum.policy.bundle import TEST_SUFFIX, BundleSource, Manifest, source_of
from gurum.policy.files import MANIFEST, SIGNATURES, packed, read_files
from gurum.policy.lint import package
from gurum.policy.prepared import check
from gurum.policy.rego import try_in_child
from gurum.policy.signature import KEY_ID, sign


def build(directory: Path, into: Path, key: Path | None = None, key_id: str = KEY_ID) -> str:
    """Write the bundle in `directory` as an archive, without its tests, and return its revision.

    key: file with the private key (PEM, mode 0600) that it is signed with; None: it is not signed. The file is replaced
    at once. Raises BundleError, FilesError, SignatureError, SecretError, OSError.
    """
    files = read_files(directory)
    source = source_of(files, directory)
    check(source)
    try_in_child(source, entrypoints(source))
    content = archive(source, files, key, key_id)
    draft = into.with_name(f".{into.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(into)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return source.revision


def archive(source: BundleSource, files: dict[str, bytes], key: Path | None, key_id: str = KEY_ID) -> bytes:
    """Return the archive of a bundle that was read from `files`. Raises SignatureError, SecretError."""
    content = {MANIFEST: msgspec.json.encode(manifest(source))}
    left_out = (MANIFEST, SIGNATURES)
    content |= {name: body for name, body in files.items() if not name.endswith(TEST_SUFFIX) and name not in left_out}
    if key is not None:
        content = {SIGNATURES: sign(content, key, key_id), **content}
    return packed(content)


def manifest(source: BundleSource) -> Manifest:
    """Return the manifest: the revision, and as roots what the bundle defines at the top."""
    packages = {package(module.text).partition(".")[0] for module in source.modules}
    return Manifest(revision=source.revision, roots=tuple(sorted(packages | set(source.data))))
