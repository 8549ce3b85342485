"""Objects' places in lists, and what was rendered of them: the most recently shown, within a bound.

What is rendered is worth keeping, a thousand times over in one list, but it is larger than the object it was made of,
and a caller chooses in how many shapes it is asked for. So it is bounded for the whole process, and what was not shown
for long goes first; it is made again when somebody asks.

A list of a thousand must not put a thousand things in order. So an entry that is shown only takes a mark; whoever has
one when room is needed loses it instead of what was rendered, and its turn comes again after all others (the clock
algorithm, which comes close to the order in which things were shown).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

from gurum.model.base import Resource

R = TypeVar("R", bound=Resource)
Order = tuple[Any, ...]

LIMIT = 256 * 1024 * 1024  # bytes: a hundred thousand servers in full
BESIDE = 200  # bytes that a rendering takes besides its own: its place in two tables


class Renderings:
    """What a process has rendered, at most `limit` bytes of it. `size`: bytes now."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._sizes: OrderedDict[Entry[Any], int] = OrderedDict()  # whose turn comes first
        self.size = 0

    def keep(self, entry: Entry[Any], shape: Hashable, piece: bytes) -> None:
        """Keep what was rendered of an object, and let go of what there is no room for."""
        entry.memo[shape] = piece
        cost = len(piece) + BESIDE
        self._sizes[entry] = self._sizes.pop(entry, 0) + cost
        self.size += cost
        while self.size > self._limit:
            oldest, held = self._sizes.popitem(last=False)
            if oldest.shown:
                oldest.shown = False
                self._sizes[oldest] = held
            else:
                oldest.memo = {}
                self.size -= held

    def forget(self, entry: Entry[Any]) -> None:
        """Let go of everything rendered of an object."""
        self.size -= self._sizes.pop(entry, 0)
        entry.memo = {}


class Entry(Generic[R]):
    """One object's place. The entry stays the same through the object's changes; `object` and `memo` do not.

    The object belongs to the cache: read it, never change it. `row` is what the mirror's `row` function made of it.
    `memo` and `shown` are for `Renderings`; without them nothing is kept, as of what is in no mirror.
    """

    __slots__ = ("memo", "object", "order", "renderings", "row", "shown")

    def __init__(self, obj: R, order: Order, row: Any, renderings: Renderings | None = None) -> None:
        self.object = obj
        self.order = order
        self.row = row
        self.renderings = renderings
        self.memo: dict[Hashable, bytes] = {}
        self.shown = False

    def rendered(self, shape: Hashable, render: Callable[[Entry[R]], bytes]) -> bytes:
        """Return what `render` makes of it in a shape, made anew only after a change or when it was let go of."""
        [piece] = rendered((self,), shape, render)
        return piece


def rendered(entries: Iterable[Entry[R]], shape: Hashable, render: Callable[[Entry[R]], bytes]) -> list[bytes]:
    """Return the renderings of entries in a shape."""
    pieces = []
    for entry in entries:
        piece = entry.memo.get(shape)
        if piece is None:
            piece = render(entry)
            if entry.renderings is not None:
                entry.renderings.keep(entry, shape, piece)
        else:
            entry.shown = True
        pieces.append(piece)
    return pieces
