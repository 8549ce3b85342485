"""One thing by which somebody gets in, and what became of it: the line of a report."""

from __future__ import annotations

from typing import Literal

import msgspec

# would end: in a dry run. ended: it is, by this run or before. left: it is still good, `detail` says why.
State = Literal["would end", "ended", "left"]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """`user`: id of the Keystone user; `what`: the kind of access; `id`: its own, never a secret."""

    user: str
    what: str
    id: str
    state: State
    detail: str = ""
