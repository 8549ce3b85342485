"""What a page names exists: modules, functions, paths, settings, make targets, AWS actions, packages."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from tests.docs import chart, configuration
from tests.docs.pages import DOCS, ROOT, codes, pages

import aws_emulator
import gurum

PAGES = pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
_DOTTED = re.compile(r"(?!gurum\.cloud\b)(gurum|aws_emulator|tests)(\.\w+)+(?<!\.yaml)(?<!\.sqlite)")
_PATH = re.compile(r"(\.ci|config|deploy|docs|policy|requirements|scripts|src|tests|gurum)/[\w./-]*")
_MAKE = re.compile(r"make ([a-z-]+)")
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def resolves(dotted: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            if not hasattr(found, attribute) and attribute not in getattr(found, "__annotations__", {}):
                return False
            found = getattr(found, attribute, None)
        return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_names_of_the_code_exist(page: Path) -> None:
    named = {word for word in codes(page) if _DOTTED.fullmatch(word)}
    assert [word for word in sorted(named) if not resolves(word)] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_paths_exist(page: Path) -> None:
    named = {word for word in codes(page) if _PATH.fullmatch(word)}
    missing = [
        word
        for word in sorted(named)
        # `gurum/…` is a package, said as a path.
        if not (ROOT / word).exists() and not (ROOT / "src" / word).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_make_targets_exist(page: Path) -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {match for word in codes(page) for match in _MAKE.findall(word)}
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_settings_exist(page: Path) -> None:
    known = configuration.sections()
    sections = {one.name: known[one.section] for one in known["Config"].settings if one.section}
    wrong = []
    for word in codes(page):
        match = re.fullmatch(r"(store|identity|policy|pia|engine|log|embedded)\.(\w+)", word)
        if (
            match
            and word not in chart.values()
            and match[2] not in {one.name for one in sections[match[1]].settings}
            and not resolves(f"gurum.{word}")
        ):
            wrong.append(word)
        match = re.fullmatch(r"regions\[\]\.(\w+)(?:\.(\w+))?.*", word)
        if match:
            region = {one.name: one for one in sections["regions"].settings}
            inner = known.get(region[match[1]].section) if match[1] in region else None
            names = {one.name for one in inner.settings} if inner is not None else set()
            if match[1] not in region or (match[2] and match[2] not in names):
                wrong.append(word)
    assert wrong == []


def packages() -> Iterator[str]:
    """Yield every package down to the third name: `gurum.pia.compute`, `aws_emulator.rules`."""
    for root in (gurum, aws_emulator):
        for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            if module.ispkg and module.name.count(".") <= 2:
                yield module.name


def test_the_architecture_says_of_every_package_what_may_be_touched() -> None:
    rows = re.findall(
        r"^\| `([\w.]+)` \| .+ \| .+ \|$", (DOCS / "architecture.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(packages()) - set(rows) == set()
    assert len(rows) == len(set(rows))


def test_every_dependency_has_its_reason() -> None:
    wanted = set()
    for name in ("run", "dev"):
        for line in (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines():
            if line and line[0] not in "#-":
                wanted.add(re.split(r"[\[=<>~ ]", line)[0])
    text = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    told = {
        name
        for cell in re.findall(r"^\| (`[^|]+`) \| ", text, re.MULTILINE)
        for name in re.findall(r"`([\w.-]+)`", cell)
    }
    assert told == wanted


def test_every_call_to_aws_is_explained_and_no_other() -> None:
    operations = set(botocore.session.get_session().get_service_model("ec2").operation_names)
    called = {
        node.value
        for file in (ROOT / "src" / "gurum" / "providers" / "aws").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in operations
    }
    # Put together from a verb and a direction in `gurum.providers.aws.drivers.rules`.
    called |= {f"{v}SecurityGroup{d}" for v in ("Authorize", "Revoke") for d in ("Ingress", "Egress")}
    explained = {word for word in codes(DOCS / "explanation" / "exactly-once.md") if word in operations}
    assert explained == called


def test_a_wrong_name_would_be_found() -> None:
    assert resolves("gurum.pia.app.App")
    assert not resolves("gurum.pia.app.Nothing")
    assert not resolves("gurum.nowhere")
