"""What is asked for is pinned, everything pinned has a hash, and dependencies stand in one place."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
NAME = re.compile(r"^([A-Za-z0-9._-]+)(\[[^\]]*\])?")


def _asked(file: str) -> set[str]:
    names = set()
    for line in (REQUIREMENTS / file).read_text().splitlines():
        if line.startswith("-r "):
            names |= _asked(line[3:].strip())
        elif match := NAME.match(line):
            names.add(_normal(match[1]))
    return names


def _pinned(file: str) -> dict[str, str]:
    """Give version by name of every pin, each of which must have a hash."""
    pins = {}
    for block in re.split(r"\n(?=[a-z])", (REQUIREMENTS / file).read_text().strip()):
        first, *hashes = [line.strip(" \\") for line in block.splitlines()]
        name, _, version = first.partition("==")
        assert version, first
        assert hashes, f"{first} has no hash"
        assert all(line.startswith("--hash=sha256:") for line in hashes), first
        pins[_normal(name.partition("[")[0])] = version
    return pins


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["setup", "run", "dev"])
def test_everything_asked_for_is_pinned(name: str) -> None:
    assert _asked(f"{name}.in") <= set(_pinned(f"{name}.txt"))


def test_tests_run_with_what_users_run() -> None:
    run, dev = _pinned("run.txt"), _pinned("dev.txt")
    assert {name: dev[name] for name in run} == run
