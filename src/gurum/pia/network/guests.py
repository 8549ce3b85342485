"""What lies in something of another project's: ports of others on one's network, an administrator's rules in a group.

Whoever owns the network may list these too, but they are few, while what the project itself put there can be
everything it has. Going through the contents of all of its networks to find them would make each list as dear as the
project is large; so they are noted as they come.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from gurum.model.base import Resource
from gurum.pia.kernel.mirror import Mirror
from gurum.pia.network.relation import Relation
from gurum.pia.network.runs import Run, of_ids

R = TypeVar("R", bound=Resource)
Host = tuple[str, str]  # the region, and the project whose the parent is
NOWHERE: Host = ("", "")  # of what has lost its parent


class Guests(Generic[R]):
    """The objects of a kind whose parent is another project's, by that project. `in`: whether an id is one of them.

    An object whose parent is gone counts as one, but nobody's.
    """

    def __init__(
        self, mirror: Mirror[R], parents: Mirror[Any], parent: Callable[[R], str], contents: Relation[R]
    ) -> None:
        """Follow the mirrors. parent: the id of an object's parent. contents: the objects by that id."""
        self._mirror, self._parents, self._parent, self._contents = mirror, parents, parent, contents
        self._host: dict[str, Host] = {}
        self._ids: dict[Host, list[str]] = {}
        mirror.listen(self._moved)
        parents.listen(self._parent_changed)

    def run(self, region: str, project: str) -> Run[R]:
        """Return what others have in the project's."""
        return of_ids(self._ids.get((region, project), ()), self._mirror)

    def __contains__(self, uid: object) -> bool:
        return uid in self._host

    def _moved(self, old: R | None, new: R | None) -> None:
        if new is not None:
            self._note(new.metadata.id, self._place(new))
        elif old is not None:
            self._note(old.metadata.id, None)

    def _parent_changed(self, old: Resource | None, new: Resource | None) -> None:
        if old is not None and new is not None and old.metadata.project == new.metadata.project:
            return
        some = new or old
        for obj in self._contents.objects(some.metadata.id) if some is not None else ():
            self._note(obj.metadata.id, self._place(obj))

    def _place(self, obj: R) -> Host | None:
        parent = self._parents.get(self._parent(obj))
        if parent is None:
            return NOWHERE
        own = parent.metadata.project == obj.metadata.project
        return None if own else (parent.metadata.region, parent.metadata.project)

    def _note(self, uid: str, host: Host | None) -> None:
        before = self._host.pop(uid, None)
        if before is not None:
            ids = self._ids[before]
            del ids[bisect_left(ids, uid)]
            if not ids:
                del self._ids[before]
        if host is not None:
            self._host[uid] = host
            insort(self._ids.setdefault(host, []), uid)
