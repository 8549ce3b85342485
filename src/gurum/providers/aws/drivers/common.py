"""What every EC2 driver does alike: send the stored request, find by tag, treat "gone" as gone."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gurum.model.base import External, Intent, Resource
from gurum.model.conditions import Reason
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.contract import (
    Absent,
    Blocked,
    CreateOutcome,
    Done,
    Doubt,
    Duplicate,
    Place,
    Refused,
    Step,
    VerbOutcome,
    View,
    Wait,
)


@dataclass(frozen=True)
class Context:
    """What drivers need of the provider."""

    caller: Caller
    owner: str
    cloud_region: str
    partition: str
    not_yet: float  # seconds in which NotFound after a creation means "not yet"
    window: float  # seconds after which what was made is shown to everybody


@dataclass(frozen=True)
class Words:
    """EC2's words for one thing: how it is listed and removed, and where its id stands in answers."""

    create: str
    describe: str
    items: str  # key of the list in the describe's answer
    made: str  # key of the made thing in the create's answer, empty: the answer itself
    id: str
    delete: str
    delete_param: str


def request(params: dict[str, Any]) -> str:
    """Return a request as text with one spelling, whatever the order it was put together in."""
    return json.dumps(params, sort_keys=True, separators=(",", ":"))


def made(obj: Resource | None, step: str) -> str:
    """Return the cloud id of a step that is done, else an empty string."""
    intent = obj.status.intents.get(step) if obj is not None else None
    return intent.external.id if intent is not None and intent.state == "done" and intent.external else ""


def named(obj: Resource, step: str, param: str) -> str:
    """Return the name that a step gave what it made, or that what was adopted had: as its request says."""
    intent = obj.status.intents.get(step)
    asked: dict[str, Any] = json.loads(intent.request) if intent is not None and intent.request else {}
    return str(asked.get(param) or tags.name(obj))


class Ec2Driver(ABC):
    """Base of the drivers whose things EC2 describes by tag and deletes by id."""

    words: ClassVar[Words]

    def __init__(self, context: Context) -> None:
        self.context = context

    @abstractmethod
    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the creations needed now; each driver says its own."""

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Nothing, unless a driver says otherwise."""
        return ()

    def hanging(self, obj: Resource, step: str) -> Sequence[str]:
        """Nothing, unless a driver says otherwise."""
        return ()

    def params(self, intent: Intent) -> dict[str, Any]:
        """Return the call's parameters from the stored request."""
        params: dict[str, Any] = json.loads(intent.request)
        if intent.recipe == "token":
            params["ClientToken"] = intent.token
        return params

    def sent(self, obj: Resource, intent: Intent) -> dict[str, Any]:
        """Return the call's parameters, with what the stored request only refers to."""
        return self.params(intent)

    async def create(self, obj: Resource, intent: Intent, place: Place) -> CreateOutcome:
        """Send the stored request."""
        answer = await self.context.caller.call(
            place,
            self.words.create,
            self.sent(obj, intent),
            who=obj.id,
            not_found=intent.written_at + self.context.not_yet,
        )
        if isinstance(answer, Answer):
            made = answer.body[self.words.made] if self.words.made else answer.body
            return self.done(made, place, intent, answer)
        if isinstance(answer, Absent):
            return Refused(
                Reason.INVALID_CONFIGURATION,
                f"AWS {self.words.create}: something it refers to does not exist",
                "NotFound",
            )
        return answer

    def done(self, made: dict[str, Any], place: Place, intent: Intent, answer: Answer) -> Done:
        """Return the outcome of a successful creation (or finding) of `made`."""
        return Done(self.external(made[self.words.id], place, intent), cloud_request_id=answer.request_id)

    def external(self, id_: str, place: Place, intent: Intent) -> External:
        """Return where a made thing is."""
        return External(
            provider="aws",
            partition=self.context.partition,
            account=place.account,
            region=self.context.cloud_region,
            id=id_,
            zone=intent.zone,
        )

    def found(self, item: dict[str, Any]) -> bool:
        """Whether a listed item counts as existing (a terminated instance does not)."""
        return True

    async def find(self, obj: Resource, intent: Intent, place: Place) -> Done | Wait | Absent | Refused:
        """List by our tags."""
        filters = tags.find_filters(obj, intent.step, self.context.owner)
        answer = await self.context.caller.call(
            place, self.words.describe, {"Filters": filters}, who=obj.id, not_found=0.0
        )
        if isinstance(answer, Answer):
            items = [item for item in self.items(answer.body) if self.found(item)]
            return self.done(items[0], place, intent, answer) if items else Absent()
        return settle(answer)

    def items(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the things in a describe's answer."""
        listed: list[dict[str, Any]] = body.get(self.words.items, [])
        return listed

    def delete_params(self, id_: str) -> dict[str, Any]:
        """Return the parameters of the delete."""
        return {self.words.delete_param: id_}

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Delete by id. NotFound is success, unless it was made so lately that the cloud may not know it yet."""
        if intent.external is None:
            return Absent()
        answer = await self.context.caller.call(
            place,
            self.words.delete,
            self.delete_params(intent.external.id),
            who=obj.id,
            not_found=self.unseen_until(intent),
        )
        if isinstance(answer, Answer):
            return Done(cloud_request_id=answer.request_id)
        return answer if isinstance(answer, Absent | Refused) else settle(answer)

    def unseen_until(self, intent: Intent) -> float:
        """Return until when NotFound of what is to be removed means that the cloud does not show it yet."""
        seen_by = max(intent.made_at, intent.written_at) + self.context.window
        return seen_by if intent.removed_at is None else 0.0

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Nothing to keep so, unless a driver says otherwise."""
        return None


def settle(answer: Wait | Doubt | Duplicate | Absent | Refused) -> Wait | Absent | Refused:
    """Return the outcome of a call that is harmless to repeat: a doubt is only a wait."""
    if isinstance(answer, Doubt):
        return Wait(Reason.TRANSIENT_ERROR, answer.message, answer.until)
    if isinstance(answer, Duplicate):
        return Refused(Reason.UNRECOVERABLE_ERROR, answer.message)
    return answer
