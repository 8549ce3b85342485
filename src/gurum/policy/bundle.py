"""Read a bundle (Rego modules and data.json files) and refuse it whole if any part of it is unfit.

It exists because a policy that is half loaded still answers: a directory with a misspelt table would deny in
silence, one with an unsupported built-in would allow in silence. The layout is OPA's: a data.json is put under the
path of its directory, so the same directory, and the same archive, serve `opa run --bundle`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import msgspec

from gurum.policy.files import DATA, MANIFEST, FilesError, read_files
from gurum.policy.lint import check, functions, package, rules
from gurum.policy.signature import SignatureError, verify

MODULE_SUFFIX = ".rego"
TEST_SUFFIX = "_test.rego"


class BundleError(Exception):
    """The bundle is not fit to decide; the message says where and why, a line each."""


@dataclass(frozen=True)
class Source:
    """A Rego module as it was read; `path` is relative to the bundle."""

    path: str
    text: str

    @property
    def is_test(self) -> bool:
        """Tell whether it holds tests, which never decide."""
        return self.path.endswith(TEST_SUFFIX)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """OPA's manifest, as far as a bundle may have one: which content it is, and which part of the data it owns."""

    revision: str = ""
    roots: tuple[str, ...] = ()
    rego_version: Literal[1] = 1
    metadata: dict[str, Any] = {}


@dataclass(frozen=True)
class BundleSource:
    """All that was read: the modules that decide, their tests, the data document, and a name for the content."""

    modules: tuple[Source, ...]
    tests: tuple[Source, ...]
    data: dict[str, Any]
    revision: str


def read_bundle(bundle: Path, verification_key: Path | None = None) -> BundleSource:
    """Read and check a bundle, a directory or an archive. Raises BundleError, naming every finding, if it is unfit.

    The revision is a digest of what decides (not of the tests): equal content has an equal revision.
    verification_key: file with the public key that it must be signed with; None: it need not be signed.
    """
    try:
        files = read_files(bundle)
        if verification_key is not None:
            verify(files, verification_key)
    except FilesError as error:
        raise BundleError(str(error)) from error
    except SignatureError as error:
        raise BundleError(f"{bundle}: {error}") from error
    return source_of(files, bundle)


def source_of(files: Mapping[str, bytes], bundle: Path) -> BundleSource:
    """Check what was read of a bundle, by name; `bundle` is what it is called. Raises BundleError, as `read_bundle`."""
    try:
        sources = [
            Source(name, content.decode("utf-8")) for name, content in files.items() if name.endswith(MODULE_SUFFIX)
        ]
    except UnicodeDecodeError as error:
        raise BundleError(str(error)) from error
    documents = {name: content for name, content in files.items() if PurePosixPath(name).name == DATA}
    modules = tuple(source for source in sources if not source.is_test)
    tests = tuple(source for source in sources if source.is_test)
    if not modules:
        raise BundleError(f"{bundle}: no Rego module is there")
    _lint(modules, tests)
    _manifest(files.get(MANIFEST))
    digest = hashlib.sha256()
    for name, content in _named(modules, documents):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return BundleSource(modules, tests, _merge(documents), digest.hexdigest()[:16])


def _lint(modules: tuple[Source, ...], tests: tuple[Source, ...]) -> None:
    every = (*modules, *tests)
    known = {name for source in every for name in functions(source.text)}
    where = {source.path: package(source.text) for source in every}
    defined: dict[str, set[str]] = {}
    for source in every:
        defined.setdefault(where[source.path], set()).update(rules(source.text))
    findings = [
        finding for source in every for finding in check(source.path, source.text, known, defined[where[source.path]])
    ]
    if findings:
        raise BundleError("\n".join(str(finding) for finding in findings))


def _manifest(content: bytes | None) -> None:
    """Refuse a manifest by which an OPA server would read the bundle otherwise than is done here."""
    if content is not None:
        try:
            msgspec.json.decode(content, type=Manifest)
        except msgspec.MsgspecError as error:
            raise BundleError(f"{MANIFEST}: {error}") from error


def _named(modules: tuple[Source, ...], documents: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    yield from ((source.path, source.text.encode()) for source in modules)
    yield from documents.items()


def _merge(documents: dict[str, bytes]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, content in documents.items():
        try:
            document: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise BundleError(f"{path}: {error}") from error
        for part in reversed(PurePosixPath(path).parent.parts):
            document = {part: document}
        _put(root, document, path)
    return root


def _put(place: dict[str, Any], document: dict[str, Any], path: str) -> None:
    for key, value in document.items():
        if key not in place:
            place[key] = value
        elif isinstance(place[key], dict) and isinstance(value, dict):
            _put(place[key], value, path)
        else:
            raise BundleError(f"{path}: {key} is in another data.json too")
