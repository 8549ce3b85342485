"""The Containerfile, held against rules and the wheel: no daemon builds it here, so what can be known is looked at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.chart import render
from tests.docs.pages import ROOT

FILE = ROOT / "deploy" / "Containerfile"


def instructions(text: str) -> list[tuple[str, str]]:
    """Return (word, rest) of each instruction, continued lines joined, comments left out."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def faults(text: str) -> list[str]:
    """Return what is wrong with a Containerfile."""
    found: list[str] = []
    all_ = instructions(text)
    stages = [number for number, (word, _) in enumerate(all_) if word == "FROM"]
    last = all_[stages[-1] :]
    users = [rest for word, rest in last if word == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        found.append("the last stage does not end as a user by number who is not root")
    found += [f"FROM {rest}" for word, rest in all_ if word == "FROM" and not rest.startswith("${BASE}")]
    found += [f"{word} {rest}" for word, rest in all_ if word == "ADD"]
    found += [
        f"{word} {rest}" for word, rest in all_ if word != "ARG" and re.search(r"https?://|--(extra-)?index", rest)
    ]
    for word, rest in all_:
        for part in rest.split("&&") if word == "RUN" else ():
            if "pip install" in part and not ("--require-hashes" in part or "--no-deps" in part):
                found.append(f"packages that are not pinned: {part.strip()}")
    if any(word == "RUN" for word, _ in last):
        found.append("the last stage runs something: its layers have more than the program")
    return found


def test_it_keeps_the_rules() -> None:
    assert faults(FILE.read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("USER 65532:65532\n", "", "not root"),
        ("USER 65532:65532", "USER 0:0", "not root"),
        ("USER 65532:65532", "USER gurum", "not root"),
        ("FROM ${BASE}\n", "FROM python\n", "FROM python"),
        ("COPY src src", "ADD https://example.com/src src", "ADD"),
        ("--require-hashes ", "", "not pinned"),
        ("WORKDIR /\n", "RUN true\n", "runs something"),
    ],
)
def test_a_fault_would_be_found(old: str, new: str, fault: str) -> None:
    text = FILE.read_text()
    assert old in text
    assert any(fault in one for one in faults(text.replace(old, new)))


def test_what_it_copies_is_there() -> None:
    for word, rest in instructions(FILE.read_text()):
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Give the wheel that the image installs."""
    where = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(where)], cwd=ROOT, check=True,
        capture_output=True,
    )  # fmt: skip
    (path,) = where.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.mark.kubernetes
def test_what_pods_start_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for values in render.VALUES:
        for pod in render.pods(render.template(values)):
            (container,) = pod["spec"]["containers"]
            program, option, module = container["command"]
            assert (program, option) == ("python", "-m")
            assert f"{module.replace('.', '/')}/__main__.py" in names
    (entries,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
    (command, _) = next(json.loads(rest) for word, rest in instructions(FILE.read_text()) if word == "CMD")
    assert f"{command} = gurum.cli.main:main" in wheel.read(entries).decode()


def test_the_shipped_policy_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    shipped = {str(Path(name).relative_to("gurum/shipped")) for name in wheel.namelist() if "/shipped/" in name}
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "policy" / "gurum").rglob("*.*")} <= shipped
