"""The roles, grown from nothing: a right is given when the API server has refused it to a process that asked for it.

What a whole play without one right would show is that this right is asked for and refused, which breaks the verdict.
A play for each would take days; here all are missing at once, and come back one by one. So of each right that the
roles have in the end there was a moment at which it was missing, was asked for by the process itself, and was refused
by a real API server: the event is in its audit log. A right that nobody asks for does not come back.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.chart.rights import Right, rules
from tests.chart.site import Site

from gurum.store.contract import UnavailableError
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.kinds import USER_DATA

Document = dict[str, Any]

PAUSE = 0.05  # seconds between two looks at the audit log
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES, SEALED = f"{_RBAC}/clusterroles", f"{_RBAC}/namespaces/{USER_DATA}/roles"
SECRETS = "secrets"  # the one resource that they reach in that namespace, and nowhere else


class Growth:
    """`refused`: what was missing when a process asked for it, in the order in which it came back."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.whole = site.granted()
        self.refused: list[Right] = []
        self._roles = sorted({one.account for one in self.whole})  # as the chart of this release's name calls both
        self._began, self._ended = threading.Event(), threading.Event()
        self._trouble: BaseException | None = None

    @property
    def missing(self) -> list[Right]:
        """What nobody has asked for yet."""
        return sorted(self.whole - set(self.refused))

    def check(self) -> None:
        """Raise what ended the watch over the audit log."""
        if self._trouble is not None:
            raise self._trouble

    async def grow(self) -> None:
        """Take everything away, then give back what is asked for, until told to end."""
        client = Client(access(f"kubernetes://{self._site.plane.kubeconfig}", "growth"), manager="growth")
        try:
            await self._write(client, self._roles)
            offset = self._site.plane.plane.audit_log.stat().st_size
            self._began.set()
            waiting: set[str] = set()
            while not self._ended.is_set():
                told = self._site.asked(offset)
                offset = told.end
                asked = [one for one in told.refused if one in self.whole]
                self.refused += [one for one in asked if one not in self.refused]
                waiting |= {one.account for one in asked}  # also again: a cluster that is put back forgets what it gave
                try:
                    await self._write(client, waiting)
                    waiting.clear()
                except UnavailableError:
                    if not self._site.plane.runs("kube-apiserver"):
                        continue  # it is being restarted
                    raise
                finally:
                    await asyncio.sleep(PAUSE)
        finally:
            await client.close()

    async def _write(self, client: Client, roles: Iterable[str]) -> None:
        for name in roles:
            given = [one for one in self.refused if one.account == name]
            sealed = [one for one in given if one.resource == SECRETS]
            for path, rights in ((ROLES, [one for one in given if one not in sealed]), (SEALED, sealed)):
                role = checked(await client.get(f"{path}/{name}")).json()
                checked(await client.replace(f"{path}/{name}", {**role, "rules": rules(rights)}))


@contextmanager
def growing(site: Site) -> Iterator[Growth]:
    """Give the growth of the roles, which ends with the block."""
    growth = Growth(site)

    def run() -> None:
        try:
            asyncio.run(growth.grow())
        except BaseException as error:  # whoever waits for a right that nobody gives any more must hear of it
            growth._trouble = error
            growth._began.set()

    thread = threading.Thread(target=run, name="growth", daemon=True)
    thread.start()
    growth._began.wait()
    site.forgiving = True
    try:
        yield growth
    finally:
        site.forgiving = False
        growth._ended.set()
        thread.join()
    growth.check()
