"""Everything of the second face that a process has, made and ended together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gurum.ops.config import RegionConfig
from gurum.pia.faces.acting import Actor
from gurum.pia.faces.actions import Actions
from gurum.pia.faces.admitter import Admitter
from gurum.pia.faces.server import Door
from gurum.pia.faces.webhook import Reviewer
from gurum.pia.kernel.context import Parts
from gurum.pia.kernel.service import Service
from gurum.store.contract import Store
from gurum.store.kubernetes import KubernetesStore


class Faces:
    """`door` is the webhook's application, `reviewer` what it asks."""

    def __init__(self, store: KubernetesStore, actor: Actor) -> None:
        self._admitter = Admitter(actor, store.wishes)
        self.reviewer = Reviewer(actor, store.wishes, self._admitter)
        self._actions = Actions(actor, store.client, self._admitter.names)
        self.door = Door(self.reviewer)

    @classmethod
    def over(
        cls, store: Store, services: Sequence[Service], regions: Iterable[RegionConfig], parts: Parts
    ) -> Faces | None:
        """Return them, or None for a store in which nobody writes but our processes."""
        if not isinstance(store, KubernetesStore):
            return None
        return cls(store, Actor(services, regions, parts))

    def start(self) -> None:
        """Begin to take up what people wrote."""
        self._admitter.start()
        self._actions.start()

    async def stop(self) -> None:
        """End it."""
        await self._actions.stop()
        await self._admitter.stop()
        await self.reviewer.stop()
