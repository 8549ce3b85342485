"""`python -m tests.upgrade.run PROGRAM ...`: the product's own programs, told about the previous schema first.

A release carries its upcasters in `codec.UPCASTERS`; here they are added before the program's own `main` runs, and
`gurum up` starts engine and API through this module too. Nothing else of them is changed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from tests.upgrade import forms

from gurum.ops.config import Config
from gurum.supervisor.places import Places
from gurum.supervisor.rows import Child, Row

STARTED_BY_UP = ("gurum.engine", "gurum.pia")


def _gurum(words: list[str]) -> int:
    from gurum.cli.main import main
    from gurum.supervisor import plan

    plain = plan.rows

    def rows(config: Config, places: Places) -> tuple[Row, ...]:
        return tuple(_through_here(row) for row in plain(config, places))

    plan.rows = rows
    return main(words)


def _through_here(row: Row) -> Row:
    if isinstance(row, Child) and row.argv[2] in STARTED_BY_UP:
        python, option, *words = row.argv
        return replace(row, argv=(python, option, "tests.upgrade.run", *words))
    return row


def _engine(words: list[str]) -> int:
    from gurum.engine.main import main

    return main(words)


def _pia(words: list[str]) -> int:
    from gurum.pia.main import main

    return main(words)


PROGRAMS: dict[str, Callable[[list[str]], int]] = {"gurum": _gurum, "gurum.engine": _engine, "gurum.pia": _pia}

if __name__ == "__main__":
    forms.register()
    sys.exit(PROGRAMS[sys.argv[1]](sys.argv[2:]))
