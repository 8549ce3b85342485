"""Every `gurum` command that a page tells to type is one that this release understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, pages

from gurum.cli.main import parser

_LINE = re.compile(r"^ {4,}(?:\$ )?(gurum (?!:)[^|…\n]*)$", re.MULTILINE)
_INLINE = re.compile(r"`(gurum [a-z][^`…]*)`")


def commands(page: Path) -> Iterator[str]:
    """Yield the commands of a page: lines of their own, and those in the text that are whole (they have an option)."""
    text = page.read_text(encoding="utf-8")
    yield from (match.strip() for match in _LINE.findall(text))
    yield from (match for match in _INLINE.findall(text) if " --" in match or match.isupper())


TOLD = [(str(page.relative_to(ROOT)), line) for page in pages() for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), TOLD)
def test_it_is_understood(page: str, line: str) -> None:
    words = shlex.split(line.partition("#")[0])[1:]
    try:
        found = parser().parse_args(words)
    except SystemExit as ended:
        raise AssertionError(f"{page}: {line}") from ended
    assert found.command.words == tuple(words[: len(found.command.words)])


def test_runbooks_tell_what_to_type() -> None:
    told = {page for page, _ in TOLD}
    for name in (
        "aws-throttles-us",
        "a-server-is-stuck",
        "an-account-is-lost",
        "the-disk-is-full",
        "move-to-a-new-machine",
    ):
        assert f"docs/how-to/{name}.md" in told


def test_a_wrong_command_would_be_found() -> None:
    with pytest.raises(AssertionError):
        test_it_is_understood("page", "gurum server list")
