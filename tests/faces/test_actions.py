"""A verb asked for with kubectl is posted once, and by whoever wrote down that they do."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from gurum.pia.faces.acting import Actor
from gurum.pia.faces.actions import Actions
from gurum.pia.faces.names import Names
from gurum.store.kubernetes.client import Answer, Client
from gurum.store.kubernetes.shape import address_in

Document = dict[str, Any]

ACTION: Document = {"metadata": {"namespace": "project-p", "name": "reboot", "resourceVersion": "7"}, "spec": {}}
MINE = {"outcome": "Accepted", "requestID": "req-1"}


class Cluster:
    """An API server that refuses a write as one of an object that has changed."""

    def __init__(self, *, lost: bool) -> None:
        self._lost = lost
        self.asked: list[str] = []

    async def replace(self, path: str, document: Document) -> Answer:
        """Refuse it."""
        self.asked.append(f"PUT {path.rpartition('/')[2]}")
        return Answer(409, b"{}", self._lost)


@pytest.mark.parametrize("later", [False, True], ids=["told before", "told after"])
@pytest.mark.parametrize(
    ("status", "lost", "mine"),
    [(MINE, True, True), (MINE | {"requestID": "req-2"}, True, False), (None, True, False), (MINE, False, False)],
    ids=["its answer was lost", "another's", "gone", "refused at once"],
)
async def test_a_write_whose_answer_was_lost_is_known_again(
    status: Document | None, lost: bool, mine: bool, later: bool
) -> None:
    cluster = Cluster(lost=lost)
    actions = Actions(cast("Actor", None), cast("Client", cluster), cast("Names", None))
    watched = actions._watched  # what the API server tells of without being asked again
    watched.documents[address_in(ACTION)] = ACTION

    def told() -> None:
        if status is None:
            del watched.documents[address_in(ACTION)]
        else:
            meta = ACTION["metadata"] | {"resourceVersion": "8"}
            watched.documents[address_in(ACTION)] = ACTION | {"metadata": meta, "status": status}
        watched._changed.set()

    if later:
        asyncio.get_running_loop().call_later(0.01, told)
    else:
        told()
    taken = await actions._write(ACTION, MINE)  # the one place where an action's status is written
    assert (taken is not None) == mine
    assert cluster.asked == ["PUT status"]


async def test_what_the_watch_does_not_tell_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gurum.pia.faces.actions.TOLD", 0.01)
    actions = Actions(cast("Actor", None), cast("Client", Cluster(lost=True)), cast("Names", None))
    actions._watched.documents[address_in(ACTION)] = ACTION
    assert await actions._write(ACTION, MINE) is None
