"""Everything of a kind at one version: as a watch that begins with it, or page by page.

The first costs the API server no list in its memory and us no page, and is served from its cache; so whoever goes on
watching begins so (a "watch-list"). A server that does not offer it, or not now, is asked for pages, which always work.
"""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import Any

import msgspec

from gurum.store.contract import UnavailableError, WatchExpiredError
from gurum.store.kubernetes.client import JSON, Client, RefusedError, checked

PAGE = 500  # objects asked for at once
GONE = 410
SILENCE = 5.0  # seconds: a server that cannot say what there is (its cache is behind its etcd) says nothing
COMPLETE = "k8s.io/initial-events-end"  # the annotation of the bookmark after the last of what there was
_log = logging.getLogger(__name__)


class Listed(msgspec.Struct, frozen=True):
    """All objects of a kind at a version, as documents."""

    version: int
    documents: list[dict[str, Any]]


class Told(msgspec.Struct, frozen=True):
    """A line of a watch."""

    type: str
    object: msgspec.Raw


event_of = msgspec.json.Decoder(Told).decode


async def listed_first(client: Client, path: str) -> Listed:
    """Return everything under a path at one version, for whoever watches from there. Raises UnavailableError."""
    try:
        return await _watched(client, path)
    except (RefusedError, UnavailableError, msgspec.DecodeError) as error:
        _log.info("%s is listed page by page: %s", path, error)
    while True:
        try:
            return await list_all(client, path)
        except WatchExpiredError:
            continue


async def _watched(client: Client, path: str) -> Listed:
    """Return it as a watch tells it. Raises RefusedError, UnavailableError, msgspec.DecodeError: ask for pages."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    lines = client.stream(
        path, silence=SILENCE, watch="true", sendInitialEvents="true", resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    )  # fmt: skip
    async with aclosing(lines):
        async for line in lines:
            event = event_of(line)
            document = msgspec.json.decode(event.object)
            if event.type == "ERROR":
                raise UnavailableError(document.get("message") or f"the server ends the watch: {document.get('code')}")
            meta = document["metadata"]
            if event.type == "BOOKMARK":
                if COMPLETE in meta.get("annotations", {}):
                    return Listed(int(meta["resourceVersion"]), list(found.values()))
                continue
            # What changes meanwhile may be told between the others.
            key = (meta.get("namespace", ""), meta["name"])
            if event.type == "DELETED":
                found.pop(key, None)
            else:
                found[key] = document
    raise UnavailableError("the watch ended before it had told everything")


async def list_all(client: Client, path: str, form: str = JSON) -> Listed:
    """Return everything under a path at one version, in pages. Raises UnavailableError, WatchExpiredError."""
    documents: list[dict[str, Any]] = []
    token = ""
    while True:
        answer = await client.get(path, form=form, limit=str(PAGE), **({"continue": token} if token else {}))
        if answer.status == GONE:
            raise WatchExpiredError("the list's version is no longer known: begin again")
        page = checked(answer).json()
        documents += page["items"] or ()  # an empty list of metadata alone has null there
        token = page["metadata"].get("continue", "")
        if not token:
            return Listed(int(page["metadata"]["resourceVersion"]), documents)
