"""The sign-in of a process: its issuer, who turns the keys, and the service, made and ended together."""

from __future__ import annotations

import asyncio

from gurum.identity.issuer import KeyRing
from gurum.identity.issuer.keeper import keep
from gurum.identity.issuer.people import PeopleIssuer
from gurum.ops.clock import Clock
from gurum.ops.policy import PolicyConfig
from gurum.ops.sign_in import SignInConfig
from gurum.pia.kernel.service import Service
from gurum.pia.signin.granted import Granted
from gurum.pia.signin.service import Exchange
from gurum.policy.factory import configured
from gurum.store.contract import Store
from gurum.store.kubernetes import KubernetesStore
from gurum.store.kubernetes.people import welcome


class SignIn:
    """`service` is mounted in each region."""

    def __init__(self, config: SignInConfig, store: KubernetesStore, granted: Granted, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._ring = KeyRing(config, clock)
        self._task: asyncio.Task[None] | None = None

        async def prepare(project: str) -> None:
            await welcome(store.client, project, granted.readers, granted.writers)

        self.service: Service = Exchange(config, PeopleIssuer(config, self._ring, clock), prepare, clock).service()

    @classmethod
    def over(cls, config: SignInConfig, store: Store, policy: PolicyConfig, clock: Clock) -> SignIn | None:
        """Return it; None without an issuer's URL or a cluster. Raises BundleError."""
        if not config.url or not isinstance(store, KubernetesStore):
            return None
        return cls(config, store, Granted.of(configured(policy)), clock)

    def start(self) -> None:
        """Begin to turn the keys when it is due."""
        self._task = asyncio.create_task(keep(self._config, self._ring, self._clock), name="sign-in-keys")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
