"""A verb asked for with kubectl is posted once, and by whoever wrote down that they do."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from gurum.pia.faces.acting import Actor
from gurum.pia.faces.actions import Actions
from gurum.pia.faces.names import Names
from gurum.store.kubernetes.client import Answer, Client

Document = dict[str, Any]

ACTION: Document = {"metadata": {"namespace": "project-p", "name": "reboot", "resourceVersion": "7"}, "spec": {}}
MINE = {"outcome": "Accepted", "requestID": "req-1"}


class Cluster:
    """An API server that refuses a write as one of an object that has changed, and has an object."""

    def __init__(self, status: Document, *, lost: bool) -> None:
        self._status, self._lost = status, lost
        self.asked: list[str] = []

    async def replace(self, path: str, document: Document) -> Answer:
        """Refuse it."""
        self.asked.append(f"PUT {path.rpartition('/')[2]}")
        return Answer(409, b"{}", self._lost)

    async def get(self, path: str) -> Answer:
        """Show the object."""
        self.asked.append(f"GET {path.rpartition('/')[2]}")
        return Answer(200, json.dumps(ACTION | {"status": self._status}).encode())


@pytest.mark.parametrize(
    ("status", "lost", "mine"),
    [(MINE, True, True), (MINE | {"requestID": "req-2"}, True, False), (MINE, False, False)],
    ids=["its answer was lost", "another's", "refused at once"],
)
async def test_a_write_whose_answer_was_lost_is_known_again(status: Document, lost: bool, mine: bool) -> None:
    cluster = Cluster(status, lost=lost)
    actions = Actions(cast("Actor", None), cast("Client", cluster), cast("Names", None))
    taken = await actions._write(ACTION, MINE)  # the one place where an action's status is written
    assert (taken is not None) == mine
    assert cluster.asked == ["PUT status", *(["GET reboot"] if lost else [])]
