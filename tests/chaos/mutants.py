"""Defects put in on purpose: a run that does not find them proves nothing when it finds none.

Each is a mistake that somebody could make with good reasons, in one place of the product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

from tests.chaos.site import TOKEN_KEY

from gurum.engine import claims
from gurum.engine.exactly_once import ExactlyOnce
from gurum.engine.servers import ports, remove
from gurum.model.base import Intent, Resource
from gurum.providers.aws.drivers.addresses import FloatingIPDriver
from gurum.providers.aws.drivers.common import Ec2Driver
from gurum.providers.contract import Absent, CreateOutcome, Place
from gurum.store import objects
from gurum.store.contract import UnavailableError
from gurum.store.kubernetes import KubernetesStore


def _token_from_generation() -> None:
    """The token follows the object's generation, so that "a changed object is a new request": a rename duplicates."""
    send = Ec2Driver.create

    async def create(self: Ec2Driver, obj: Resource, intent: Intent, place: Place) -> CreateOutcome:
        if intent.recipe == "token":
            once = ExactlyOnce(_NoClock(), TOKEN_KEY, 0.0)
            intent.token = once.token(obj.id, intent.step, obj.metadata.generation)
        return await send(self, obj, intent, place)

    mock.patch.object(Ec2Driver, "create", create).start()


class _NoClock:
    def time(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def _no_visibility_wait() -> None:
    """What is not found at once after a crash counts as not made."""
    begin = ExactlyOnce.__init__

    def init(self: ExactlyOnce, clock: Any, key: bytes, window: float, *more: Any) -> None:
        begin(self, clock, key, 0.0, *more)

    mock.patch.object(ExactlyOnce, "__init__", init).start()


def _claim_freed_early() -> None:
    """Addresses that go with a server are given back when its deletion is asked for, while its instance has them."""
    finish = remove.remove

    async def early(engine: Any, work: Any) -> float | None:
        for port in ports.bound(engine, work.obj):
            if port.spec.implied:
                await claims.free(engine, port.id)
        return await finish(engine, work)

    mock.patch("gurum.engine.servers.controller.remove", early).start()


def _address_not_looked_for() -> None:
    """An address has neither token nor name of its own, so after a crash it is taken for not allocated."""

    async def find(*_: Any) -> Absent:
        return Absent()

    mock.patch.object(FloatingIPDriver, "find", find).start()


def _unanswered_creation_acknowledged() -> None:
    """A creation that an API server did not answer counts as made: it repeats what it did not hear, does it not?"""
    create = KubernetesStore.create

    async def hopeful(self: KubernetesStore, obj: Any) -> Any:
        try:
            return await create(self, obj)
        except UnavailableError:
            return objects.created(obj, 0.0)

    mock.patch.object(KubernetesStore, "create", hopeful).start()


@dataclass(frozen=True)
class Mutant:
    """How a defect is put in. verbs: where it can show; none: wherever something is made or removed.

    cluster: it is one of the store in Kubernetes, and shows where a part of that is killed at the API's creations.
    """

    plant: Callable[[], None]
    verbs: frozenset[str] = frozenset()
    cluster: bool = False


MUTANTS: dict[str, Mutant] = {
    "token-from-generation": Mutant(_token_from_generation),
    "no-visibility-wait": Mutant(_no_visibility_wait),
    "claim-freed-early": Mutant(_claim_freed_early),
    "address-not-looked-for": Mutant(_address_not_looked_for, frozenset({"floating IP create"})),
    "unanswered-creation-acknowledged": Mutant(_unanswered_creation_acknowledged, cluster=True),
}


def plantable(cluster: bool) -> list[str]:
    """Return the names of the defects that can show on a store, which may be a cluster."""
    return sorted(name for name, mutant in MUTANTS.items() if cluster or not mutant.cluster)


def apply(name: str) -> None:
    """Put a defect into this process; none with an empty name. Raises KeyError for an unknown one."""
    if name:
        MUTANTS[name].plant()
