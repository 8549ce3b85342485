"""How one kind of thing is listed and removed in an account: the row that a driver's module adds for what it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]  # a thing as a describe shows it
Call = tuple[str, dict[str, Any]]


def _nothing(item: Item) -> Sequence[Call]:
    return ()


@dataclass(frozen=True)
class Kind:
    """How a kind is listed and removed.

    `delete_param` ends in `Ids` where the delete takes a list; where it is not the id, the item has it under that name.
    `page`: how many a page of its list may have, 0 where EC2 does not page it. `before`: what has to be undone first.
    """

    type: str
    describe: str
    items: str
    id: str
    delete: str
    delete_param: str
    page: int = 500
    before: Callable[[Item], Sequence[Call]] = _nothing

    def removal(self, item: Item) -> Sequence[Call]:
        """Return the calls that remove one thing, in order."""
        cloud_id = item[self.id]
        value = [cloud_id] if self.delete_param.endswith("Ids") else item.get(self.delete_param, cloud_id)
        return (*self.before(item), (self.delete, {self.delete_param: value}))
