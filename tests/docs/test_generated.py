"""Generated parts are current, and what they are generated from says everything."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from tests.docs import configuration, emulator, manifests
from tests.docs.limits import DECIDES, asked
from tests.docs.markers import fill, table
from tests.docs.pages import GENERATED, ROOT, generated

from aws_emulator.faults import Kind
from gurum.ops.config import Config
from gurum.pia.network.capabilities import OTHERS, TABLE


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: page.name)
def test_a_page_is_as_its_generator_writes_it(page: Path) -> None:
    current = page.exists() and page.read_text(encoding="utf-8") == generated(page)
    assert current, f"{page.relative_to(ROOT)} is not current: run `make docs`"


def test_no_manifest_is_left_of_what_there_is_no_more() -> None:
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "deploy").rglob("*.yaml")} >= set(manifests.FILES)
    for directory in {(ROOT / name).parent for name in manifests.FILES}:
        assert {str(path.relative_to(ROOT)) for path in directory.iterdir()} <= set(manifests.FILES)


def test_every_setting_says_what_it_means() -> None:
    silent = [
        f"{section.name}.{setting.name}"
        for section in configuration.sections().values()
        for setting in section.settings
        if not setting.comment and not setting.section
    ]
    assert silent == []


def test_every_section_and_setting_of_the_configuration_is_found() -> None:
    known = configuration.sections()
    assert {setting.name for setting in known[Config.__name__].settings} == set(Config.__struct_fields__)
    told = configuration.parts()["settings"]
    assert [f"`{setting.name}`" for section in known.values() for setting in section.settings
            if f"\n| `{setting.name}` |" not in told] == []  # fmt: skip


def test_meanings_are_of_settings_that_exist() -> None:
    settings = {f"{s.name}.{one.name}" for s in configuration.sections().values() for one in s.settings}
    assert set(configuration.MEANINGS) - settings == set()


def test_every_kind_of_fault_is_explained() -> None:
    assert set(emulator.FAULTS) == set(get_args(Kind))


def test_every_capability_that_the_api_asks_for_says_what_it_decides() -> None:
    by_attribute = {need.name for need in TABLE}
    assert (asked() | set(OTHERS)) - by_attribute - set(DECIDES) == set()


def test_parts_that_a_page_lacks_are_an_error() -> None:
    with pytest.raises(ValueError, match="parts"):
        fill("a page without markers", {"one": "text"})


def test_what_stands_between_markers_is_replaced_and_nothing_else() -> None:
    page = "before\n<!-- begin: one -->\nold\n<!-- end: one -->\nafter\n"
    filled = fill(page, {"one": r"new \1"})
    assert filled == "before\n<!-- begin: one -->\nnew \\1\n<!-- end: one -->\nafter\n"
    assert fill(filled, {"one": r"new \1"}) == filled


def test_a_cell_can_hold_a_bar() -> None:
    assert table(("a",), [("x | y\nz",)]).splitlines()[-1] == r"| x \| y z |"
