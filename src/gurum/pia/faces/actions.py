"""Verbs in Kubernetes' form: a ServerAction is posted to the API's action handler, once, and says what became of it.

An object is written down and stays; a verb is done once. So the request's id is written into the object before the
verb is posted, and a process that finds an id looks whether the server knows it, instead of posting it again: done at
most once, as by a client that does not repeat what it has no answer to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from gurum.model.server import ActionOutcome, Server
from gurum.pia.faces.acting import Actor, Ask, new_request_id
from gurum.pia.faces.admitter import person_of
from gurum.pia.faces.bodies import COMPUTE, NOUNS
from gurum.pia.faces.names import Names, Scope, UnknownError
from gurum.store.contract import StoreError
from gurum.store.kubernetes.client import Client
from gurum.store.kubernetes.kinds import SERVER_ACTION
from gurum.store.kubernetes.shape import address_in
from gurum.store.kubernetes.watched import Watched
from gurum.store.kubernetes.wishes import project_of
from gurum.store.kubernetes.words import moment, seconds

Document = dict[str, Any]

ACCEPTED, SUCCESS, ERROR, REFUSED = "Accepted", "Success", "Error", "Refused"
# What people call a verb, where Nova's body has another word for it.
WORDS: Mapping[str, str] = {"start": "os-start", "stop": "os-stop"}
PAUSE = 0.5  # seconds between looks at servers that work on an action
LONGEST = 60.0  # seconds after which a verb that its server does not know was not posted
TOLD = 10.0  # seconds within which the watch tells what became of a write whose answer was lost
KEPT = 3600  # seconds for which a finished action is kept, unless it says otherwise


class Actions:
    """One a process; several processes share the work by the objects' versions."""

    def __init__(self, actor: Actor, client: Client, names: Names) -> None:
        self._actor, self._client, self._names = actor, client, names
        self._watched = Watched(client, SERVER_ACTION)
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("gurum.pia.faces")

    def start(self) -> None:
        """Begin to look for actions."""
        self._watched.start()
        self._task = asyncio.create_task(self._work(), name="faces-actions")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._watched.stop()

    async def _work(self) -> None:
        while True:
            moving = False
            for document in list(self._watched.documents.values()):
                try:
                    moving |= await self._look(document)
                except StoreError as error:
                    self._log.warning("an action waits for the store", reason=str(error))
                    moving = True
                except Exception:  # the boundary: a fault about one action must not keep all others
                    self._log.exception("unexpected", name=document["metadata"]["name"])
            await self._watched.news(PAUSE if moving else self._next())

    async def _look(self, document: Document) -> bool:
        """Do what is next for an action; return whether something about it will change by itself."""
        status = document.get("status", {})
        if "deletionTimestamp" in document["metadata"]:
            return False
        if not status.get("outcome"):
            await self._post(document)
            return True
        if status["outcome"] == ACCEPTED:
            return await self._follow(document)
        if self._due(document) <= self._now():
            meta = document["metadata"]
            path = address_in(document).path(SERVER_ACTION)
            await self._client.delete(path, meta["uid"], meta["resourceVersion"])
        return False

    async def _post(self, document: Document) -> None:
        namespace, spec = document["metadata"]["namespace"], document["spec"]
        project, person = project_of(namespace), person_of(document)
        user = person.user
        try:
            uid = await self._server(spec["serverRef"], namespace, project, user)
        except UnknownError as error:
            await self._write(document, self._ended(REFUSED, str(error)))
            return
        request_id = new_request_id()
        now = moment(self._now())
        taken = await self._write(
            document, {"outcome": ACCEPTED, "requestID": request_id, "serverID": uid, "acceptedAt": now}
        )
        if taken is None:
            return  # another process has it
        server = self._actor.parts.board.of(Server).get(uid)
        if server is None:
            await self._write(taken, taken["status"] | self._ended(REFUSED, f"Instance {uid} could not be found."))
            return
        verb, arguments = WORDS.get(spec["action"], spec["action"]), spec.get("arguments") or None
        ask = Ask(prefix=COMPUTE, method="POST", path=f"{NOUNS['Server'].path}/{uid}/action", body={verb: arguments})
        parts = self._actor.parts
        answer = await self._actor.play(
            server.metadata.region,
            person,
            ask,
            store=parts.store,
            claims=parts.claims,
            request_id=request_id,
        )
        self._log.info("action", action=verb, id=uid, status=answer.status, request_id=request_id, user_id=user)
        if answer.refused:
            await self._write(taken, taken["status"] | self._ended(REFUSED, answer.message))
            return
        await parts.board.fresh(Server)
        if not self._recorded(uid, request_id):  # one that is done as soon as it is accepted: a lock, a deletion
            await self._write(taken, taken["status"] | self._ended(SUCCESS, ""))

    async def _server(self, text: str, namespace: str, project: str, user: str) -> str:
        """Return the id of the server that a text means, in whichever region it is. Raises UnknownError."""
        await self._actor.parts.board.fresh(Server)
        found, trouble = [], UnknownError(f"Server {text} could not be found.")
        for region in self._actor.regions:
            scope = Scope(region=region, namespace=namespace, project=project, user=user)
            try:
                found.append(await self._names.id_of("Server", text, scope))
            except UnknownError as error:
                trouble = error
        if len(found) > 1:
            raise UnknownError(f"More than one Server is called {text}; write the id of one.")
        if not found:
            raise trouble
        return found[0]

    async def _follow(self, document: Document) -> bool:
        status = document["status"]
        uid, request_id = status["serverID"], status["requestID"]
        await self._actor.parts.board.fresh(Server)
        number = self._recorded(uid, request_id)
        if number:
            outcome = self._outcome(uid, number)
            if outcome is None or outcome.finish_time is None:
                return True
            result = SUCCESS if outcome.result == "Success" else ERROR
            await self._write(document, status | self._ended(result, outcome.details))
        elif self._now() - seconds(status["acceptedAt"]) > LONGEST:
            await self._write(
                document,
                status | self._ended(ERROR, "The server does not know of it: it was not posted."),
            )
        return True

    def _recorded(self, uid: str, request_id: str) -> int:
        """Return the number that the server has given to a request, 0 for none."""
        server = self._actor.parts.board.of(Server).get(uid)
        actions = server.spec.actions if server is not None else ()
        return next((action.number for action in actions if action.request_id == request_id), 0)

    def _outcome(self, uid: str, number: int) -> ActionOutcome | None:
        server = self._actor.parts.board.of(Server).get(uid)
        outcomes = server.status.outcomes if server is not None else ()
        return next((outcome for outcome in outcomes if outcome.number == number), None)

    async def _write(self, document: Document, status: Document) -> Document | None:
        """Write an action's status; None if it is another by now."""
        path = address_in(document).path(SERVER_ACTION)
        whole = {"apiVersion": SERVER_ACTION.api_version, "kind": "ServerAction", **document, "status": status}
        answer = await self._client.replace(f"{path}/status", whole)
        if answer.status == 409 and answer.lost:  # it may be what we wrote ourselves; no other has our request id
            return await self._told(document, status)
        return answer.json() if answer.status == 200 else None

    async def _told(self, document: Document, status: Document) -> Document | None:
        """Return the action once the watch tells that it has this status; None if it is told otherwise, or not soon."""
        address, before = address_in(document), document["metadata"]["resourceVersion"]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + TOLD
        while (left := deadline - loop.time()) > 0:
            seen = self._watched.documents.get(address)
            if seen is None or seen["metadata"]["resourceVersion"] != before:
                return seen if seen is not None and seen.get("status") == status else None
            await self._watched.news(left)
        return None

    def _ended(self, outcome: str, message: str) -> Document:
        ended = {"outcome": outcome, "finishedAt": moment(self._now())}
        return ended | {"message": message} if message else ended

    def _now(self) -> float:
        return self._actor.parts.clock.time()

    def _due(self, document: Document) -> float:
        """Return when a finished action is to be removed."""
        finished = document["status"].get("finishedAt")
        kept: float = document["spec"].get("ttlSecondsAfterFinished", KEPT)
        return seconds(finished) + kept if finished else self._now() + kept

    def _next(self) -> float:
        """Return in how many seconds the next one is to be removed; a minute at most."""
        due = [
            self._due(document) - self._now()
            for document in self._watched.documents.values()
            if document.get("status", {}).get("outcome") in (SUCCESS, ERROR, REFUSED)
        ]
        return max(PAUSE, min([60.0, *due]))
