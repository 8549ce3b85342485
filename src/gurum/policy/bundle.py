"""Read a bundle directory (Rego modules and data.json files) and refuse it whole if any part of it is unfit.

It exists because a policy that is half loaded still answers: a directory with a misspelt table would deny in
silence, one with an unsupported built-in would allow in silence. The layout is OPA's: a data.json is put under the
path of its directory, so the same directory serves `opa run --bundle`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gurum.policy.lint import check, functions

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


@dataclass(frozen=True)
class BundleSource:
    """All that was read: the modules that decide, their tests, the data document, and a name for the content."""

    modules: tuple[Source, ...]
    tests: tuple[Source, ...]
    data: dict[str, Any]
    revision: str


def read_bundle(directory: Path) -> BundleSource:
    """Read and check the bundle in `directory`. Raises BundleError, naming every finding, if it is unfit.

    The revision is a digest of what decides (not of the tests): equal content has an equal revision.
    """
    try:
        sources = [
            Source(path.relative_to(directory).as_posix(), path.read_text(encoding="utf-8"))
            for path in sorted(directory.rglob("*.rego"))
        ]
        documents = {path.relative_to(directory): path.read_bytes() for path in sorted(directory.rglob("data.json"))}
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{directory}: {error}") from error
    modules = tuple(source for source in sources if not source.is_test)
    tests = tuple(source for source in sources if source.is_test)
    if not modules:
        raise BundleError(f"{directory}: no Rego module is there")
    _lint(modules, tests)
    digest = hashlib.sha256()
    for name, content in _named(modules, documents):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return BundleSource(modules, tests, _merge(documents), digest.hexdigest()[:16])


def _lint(modules: tuple[Source, ...], tests: tuple[Source, ...]) -> None:
    known = {name for source in (*modules, *tests) for name in functions(source.text)}
    findings = [finding for source in (*modules, *tests) for finding in check(source.path, source.text, known)]
    if findings:
        raise BundleError("\n".join(str(finding) for finding in findings))


def _named(modules: tuple[Source, ...], documents: dict[Path, bytes]) -> Iterator[tuple[str, bytes]]:
    yield from ((source.path, source.text.encode()) for source in modules)
    yield from ((path.as_posix(), content) for path, content in documents.items())


def _merge(documents: dict[Path, bytes]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, content in documents.items():
        try:
            document: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise BundleError(f"{path.as_posix()}: {error}") from error
        for part in reversed(path.parent.parts):
            document = {part: document}
        _put(root, document, path.as_posix())
    return root


def _put(place: dict[str, Any], document: dict[str, Any], path: str) -> None:
    for key, value in document.items():
        if key not in place:
            place[key] = value
        elif isinstance(place[key], dict) and isinstance(value, dict):
            _put(place[key], value, path)
        else:
            raise BundleError(f"{path}: {key} is in another data.json too")
