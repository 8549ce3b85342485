"""The provider contract: what a controller may ask of a cloud, and every answer a cloud may give.

A driver never decides whether something should exist, and never retries: it says which creations an object needs
(`steps`), makes one call when told to, and classifies the answer. Whether a call may be repeated is the engine's
business (`gurum.engine.exactly_once`), from the step's recipe:

* `token`: the cloud honours an idempotency token; the same request with the same token is sent again after a doubt.
* `name`: the cloud refuses a second thing of the same name (`Duplicate`); then it is found and adopted.
* `adopt`: the cloud has neither; after a doubt it is looked for by our tag across the visibility window.

What follows from a late call (a process that lost its lease but whose call was already under way) stands at each verb.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from gurum.model.base import External, Intent, Resource
from gurum.model.compute import Flavor
from gurum.model.conditions import Reason
from gurum.model.image import Image
from gurum.model.network import Port
from gurum.model.region import Capability

R = TypeVar("R", bound=Resource)

UNSURE = "?"  # the value of a fact whose present state in the cloud is not known: it is made so again
DOUBT = "doubt:"  # before a name in `status.applied`: what a change of that fact touches, stored before it is made


@dataclass(frozen=True)
class Place:
    """A shard of a cloud: where an object's things are made. `number` is the cloud account's own id."""

    region: str
    account: str


@dataclass(frozen=True)
class Step:
    """A creation that the object needs now. `request` is JSON text: stored before the call and sent byte for byte.

    `aside`: the type of a condition of its own. The object is of use without this step, so what keeps it from being
    made holds up nothing else, and is not said of the object as a whole.
    """

    name: str
    recipe: str
    request: str
    zone: str = ""
    aside: str = ""


@dataclass(frozen=True)
class Blocked:
    """The next step cannot be told yet: it waits for `on`, in words that a user may read."""

    on: str


@dataclass(frozen=True)
class Done:
    """It is so. `external` is what was made or adopted; `facts` is what the answer told along the way.

    `forget` (of a sync): facts that hold no more.
    """

    external: External | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    cloud_request_id: str = ""
    forget: Sequence[str] = ()


@dataclass(frozen=True)
class Wait:
    """Nothing happened, proven; try again at `until` (seconds since the epoch)."""

    reason: Reason
    message: str
    until: float


@dataclass(frozen=True)
class Doubt:
    """It may have happened or not: the answer was lost, or the cloud failed in the middle."""

    message: str
    until: float


@dataclass(frozen=True)
class Refused:
    """Nothing was made, proven, and asking again the same way is of no use. `capacity`: of no use in this zone."""

    reason: Reason
    message: str
    code: str = ""
    capacity: bool = False
    cloud_request_id: str = ""


@dataclass(frozen=True)
class Duplicate:
    """Something with this name (or token and other parameters) is there already."""

    message: str


@dataclass(frozen=True)
class Absent:
    """The cloud does not know it (now)."""


CreateOutcome = Done | Wait | Doubt | Refused | Duplicate
VerbOutcome = Done | Wait | Doubt | Refused | Absent


@dataclass(frozen=True)
class Observation:
    """An instance as the cloud last showed it.

    state: pending, running, stopping, stopped, shutting-down, terminated. seen_at: when. `interfaces` maps our device
    index to (cloud interface id, MAC, address).
    """

    id: str
    state: str
    zone: str
    seen_at: float
    launched: str = ""
    reason: str = ""
    uid: str = ""
    interfaces: Mapping[int, tuple[str, str, str]] = field(default_factory=dict)


class View(Protocol):
    """What a driver may read: our own objects, as the controller's cache has them. Never changed in place."""

    def get(self, kind: type[R], id: str) -> R | None:
        """Return the object, also while its deletion is under way; None when absent."""
        ...

    def by_key(self, kind: type[R], key: str) -> R | None:
        """Return the object that holds the key."""
        ...

    def index(self, kind: type[R], index: str, key: str) -> Iterable[R]:
        """Return the objects of a named index (`gurum.engine.view` lists them)."""
        ...

    def occupied(self, port: Port) -> bool:
        """Whether something of the port or its instance is in the cloud, or may be."""
        ...

    def place(self, obj: Resource) -> Place:
        """Return where the object's things are made."""
        ...


class Driver(Protocol):
    """One kind in one cloud."""

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the creations that the object needs now, in order. Pure.

        A step that is done is returned again with any request: only its name counts then.
        """
        ...

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Return the names of steps whose result the living object no longer needs: they are undone. Pure.

        Asked a second time after the step was marked as going, so that what began to use it meanwhile is seen.
        """
        ...

    def hanging(self, obj: Resource, step: str) -> Sequence[str]:
        """Return the names of facts that end, one call each, while a step's result is being undone. Pure.

        They are in doubt from before the first of these calls: what is wanted anew half-way has lost some of them.
        """
        ...

    async def create(self, obj: Resource, intent: Intent, place: Place) -> CreateOutcome:
        """Send the intent's request with its token. One call.

        A server has its user data here, wherever the store keeps it; its request says only where that goes.
        """
        ...

    async def find(self, obj: Resource, intent: Intent, place: Place) -> Done | Wait | Absent | Refused:
        """Look for what the intent may have made (by tag or name)."""
        ...

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Remove what the intent made. Done: accepted (an instance) or gone (the rest, see `confirmed_by_list`)."""
        ...

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Make natural-key facts so (rules, memberships): compare, then call; None: nothing to do.

        Repeating is harmless by construction; Done.facts are written into `status.applied`, Done.forget dropped from
        it. A change is announced there (an outcome without a call) before it is made, so that a crash in between leaves
        a doubt and not a wrong record.
        """
        ...


@dataclass(frozen=True)
class Catalogue:
    """What a survey names things by: our flavors by the cloud's type, images by the cloud's id, the external network.

    user: whom adopted servers and key pairs are put down to. ids: the ids of objects that stand for things in the
    account already, by the cloud's, where they do not follow from those.
    """

    flavors: Mapping[str, Flavor] = field(default_factory=dict)
    images: Mapping[str, Image] = field(default_factory=dict)
    external: str = ""
    user: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A thing in an account that we did not make, and what it would be here.

    `object` has a spec and a status (with the intents and facts that its driver would have written); its project is not
    set. type, id, name, tags: the cloud's. needs: cloud ids of what it refers to. parent: the cloud id of what it
    follows without being asked for (an interface its instance, a rule its group). notes: what of it cannot be said
    here. refused: why it is not adopted; then `object` may be None.
    """

    type: str
    id: str
    object: Resource | None = None
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    needs: Sequence[str] = ()
    parent: str = ""
    notes: Sequence[str] = ()
    refused: str = ""


@dataclass(frozen=True)
class Stray:
    """A thing in an account with our owner tag that belongs to no object. addresses: each with the cloud's network."""

    type: str
    id: str
    uid: str = ""
    project: str = ""
    addresses: Sequence[tuple[str, str]] = ()


# (kind and uid of our object, the cloud's id of the thing): whether to leave it alone, because it is or may be ours.
Known = Callable[[str, str, str], Awaitable[bool]]


class Provider(Protocol):
    """A cloud. `not_yet`: seconds after a creation in which the cloud's not knowing it proves nothing."""

    name: str
    not_yet: float

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """The capability table, published through Region."""
        ...

    @property
    def limits(self) -> Mapping[str, int]:
        """The numbers that the API refuses from, published through Region."""
        ...

    def driver(self, kind: str) -> Driver | None:
        """Return the driver of a kind; None: the kind needs nothing of this cloud."""
        ...

    def zones(self) -> Sequence[str]:
        """Return zone ids in the order in which they are tried."""
        ...

    def observed(self, place: Place, instance: str) -> Observation | None:
        """Return the instance as last listed; None: not in the last complete list nor seen since, or not followed."""
        ...

    def listed_at(self, place: Place) -> float:
        """Return when the last complete list of instances began (0: never): what is absent since is gone."""
        ...

    def expect(self, place: Place, instance: str) -> None:
        """Say that this instance is in motion: it is observed at the short interval until it rests."""
        ...

    async def power(self, place: Place, verb: str, instance: str) -> VerbOutcome:
        """start, stop, reboot, force-stop. All but reboot are idempotent; a repeated reboot reboots again."""
        ...

    async def attach(self, place: Place, instance: str, interface: str, index: int) -> VerbOutcome:
        """Have a network interface at a device index of an instance: compare, then call, so that repeating is harmless.

        Done.facts has the `attachment`, which is what is detached. A late call finds the interface in use.
        """
        ...

    async def detach(self, place: Place, instance: str, interface: str, attachment: str) -> VerbOutcome:
        """Begin to take an interface off. `attachment` may be empty: then it is looked up. Absent: it is off already.

        Done: accepted. A late call names an attachment that is no more, so it cannot take off a later one.
        """
        ...

    async def loose(self, place: Place, instance: str, interface: str, *, discard: bool) -> VerbOutcome:
        """Done once the interface is off the instance; with `discard`, once it is deleted, too. Else a Wait."""
        ...

    async def console(self, place: Place, instance: str) -> tuple[str, VerbOutcome]:
        """Return the console's text (at most 64 KiB) and how asking went."""
        ...

    def healthy(self, place: Place) -> tuple[bool, str]:
        """Return whether the cloud answers, and since when and why not, in a sentence."""
        ...

    def permit(self, held: Callable[[Place], bool]) -> None:
        """Learn who says whether a place is ours to change: it is asked immediately before each call that changes."""
        ...

    async def run(self, places: Sequence[Place], changed: Callable[[str, str], None]) -> None:
        """Observe until cancelled, then forget what was seen; call `changed(uid, instance)` for every change seen."""
        ...

    async def sweep(self, place: Place, known: Known) -> Sequence[str]:
        """Remove leftovers with our owner tag that `known` denies; return what was removed, in words."""
        ...

    async def strays(self, place: Place, known: Known) -> Sequence[Stray] | Wait:
        """Return what carries our owner tag and `known` denies: all of it, or until when to wait. Only looks."""
        ...

    async def survey(self, place: Place, catalogue: Catalogue) -> Sequence[Found] | Wait | Refused:
        """Return everything in the account that is not this deployment's own, in the order in which it can be adopted.

        What was taken over (`own`) is among it. Only looks.
        """
        ...

    def rehearsal(self) -> AbstractContextManager[Sequence[str]]:
        """While it lasts, what this task calls only looks: what would change something waits, and is listed."""
        ...

    async def own(self, obj: Resource, place: Place) -> VerbOutcome:
        """Mark what was adopted as this deployment's, so that it is observed as such. Repeating is harmless.

        Late: the marks name the object; they are taken off with it, or tell that it is to be left alone.
        """
        ...

    async def disown(self, obj: Resource, place: Place) -> VerbOutcome:
        """Take those marks off again, and nothing else. Repeating is harmless; so is a late call."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
