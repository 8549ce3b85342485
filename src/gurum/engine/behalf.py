"""For whom the engine works on an object: the person whose change is not carried out yet, or nobody.

AWS's log names whoever we say. Somebody who asked for a server in spring must not be named for what a resync repairs in
autumn; and of two people at one server each must be named for their own verb.
"""

from __future__ import annotations

from gurum.engine.servers.actions import pending
from gurum.model.base import Cause, Resource
from gurum.model.server import Server
from gurum.providers.behalf import Behalf, Subject


def request_of(obj: Resource | None) -> str:
    """Return the id of the request that the engine now works for: the link from the API's log to the cloud's calls."""
    if obj is None:
        return ""
    if obj.deleting:
        return obj.metadata.deletion_cause.request_id if obj.metadata.deletion_cause is not None else ""
    action = pending(obj) if isinstance(obj, Server) else None
    return action.request_id if action is not None else obj.metadata.cause.request_id


def behalf_of(obj: Resource | None) -> Behalf | None:
    """Return for whom the object's next changes in the cloud are made; None: for nobody, they are upkeep.

    A deletion is its asker's. A server's verb is that of who asked for it, one after the other. Everything else is of
    whom the object's generation is, until it was carried out (`observed_generation`); what is done to it later, because
    the cloud or something beside it changed, is upkeep.
    """
    if obj is None:
        return None
    meta = obj.metadata
    if obj.deleting:
        return _of(meta.deletion_cause or Cause(), meta.project)
    action = pending(obj) if isinstance(obj, Server) else None
    if action is not None:
        same = meta.cause.request_id == action.request_id
        decision = meta.cause.decision_id if same else ""
        return _of(Cause(user_id=action.user_id, request_id=action.request_id, decision_id=decision), meta.project)
    if obj.status.observed_generation >= meta.generation:
        return None
    return _of(meta.cause, meta.project)


def subject_of(obj: Resource | None) -> Subject | None:
    """Return what the engine works on, as a cloud's calls are recorded by it."""
    if obj is None:
        return None
    return Subject(obj.kind, obj.id, obj.metadata.generation, obj.metadata.project)


def _of(cause: Cause, project: str) -> Behalf | None:
    if not cause.user_id:
        return None
    return Behalf(cause.user_id, project, cause.request_id, cause.decision_id)
