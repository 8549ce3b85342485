"""Which objects a request may name: the asker's own, another project's, what that shares, deleted ones, none at all.

What exists is read from the recorder, so requests follow what earlier ones did; that is what makes a run more than
the sum of its requests.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from tests.fuzz.chance import uuid_of
from tests.fuzz.people import ALPHA, BETA, PEOPLE, Person
from tests.fuzz.population import CANARY
from tests.fuzz.world import World

from gurum.model.base import Resource
from gurum.model.compute import Flavor, KeyPair
from gurum.model.image import Image
from gurum.model.network import Network, Port, Subnet
from gurum.model.server import Server

R = TypeVar("R", bound=Resource)

Aim = Literal["own", "other", "shared", "unknown", "deleted"]


def owners(obj: Any) -> set[str]:
    """Return the projects (of a key pair: the user) that an object belongs to; none: it is the region's."""
    if isinstance(obj, KeyPair):
        return {obj.spec.user_id}
    if isinstance(obj, Flavor):
        return set(obj.spec.access)
    if isinstance(obj, Image):
        return {obj.spec.owner} - {""}
    return {obj.metadata.project} - {""}


class Picks:
    """Chooses for one request of one person. `aim` is for the object in the path; bodies name what `refer` says.

    prefer: beginnings of names; where a request must succeed, the first object of the first that fits is taken.
    """

    def __init__(
        self,
        world: World,
        person: Person,
        rng: random.Random,
        *,
        aim: Aim = "own",
        refer: Aim = "own",
        prefer: tuple[str, ...] = (),
    ) -> None:
        self.world, self.person, self.rng = world, person, rng
        self.aim, self.refer, self.prefer = aim, refer, prefer
        self.server: Server | None = None  # the one in the path, once chosen
        self.of: Flavor | None = None  # likewise
        self.service = ""

    def _living(self, kind: type[R]) -> list[R]:
        found: list[R] = [obj for obj in self.world.store.objects[kind.kind].values() if not obj.deleting]
        return found

    def _public(self, obj: Any) -> bool:
        if isinstance(obj, Subnet):
            obj = self.world.store.objects["Network"].get(obj.spec.network_id)
        if isinstance(obj, Network):
            return obj.spec.shared or obj.spec.external
        if isinstance(obj, Image):
            return obj.spec.visibility in ("public", "community")
        return isinstance(obj, Flavor) and obj.spec.is_public

    def aim_of(self, obj: Any) -> Aim:
        """Return what an object is to the person."""
        if owners(obj) & {self.person.project, self.person.user}:
            return "own"
        return "shared" if self._public(obj) else "other"

    def objects(self, kind: type[R], aim: Aim, fits: Callable[[R], bool] = lambda obj: True) -> list[R]:
        """Return what there is to choose from."""
        if aim == "unknown":
            return []
        if aim == "deleted":
            return [obj for obj in self.world.store.gone[kind.kind] if fits(obj)]
        living = [obj for obj in self._living(kind) if fits(obj)]
        found = [obj for obj in living if self.aim_of(obj) == aim]
        if aim == "own" and kind in (Flavor, Image):  # users own neither, as a rule
            found += [obj for obj in living if self.aim_of(obj) == "shared"]
        return found or (living if aim == "own" else [])  # an administrator's project has nothing of its own

    def one(self, kind: type[R], aim: Aim, fits: Callable[[R], bool] = lambda obj: True) -> R | None:
        """Choose one; None where there is none."""
        found = self.objects(kind, aim, fits)
        for beginning in self.prefer:
            for obj in found:
                if _name(obj).startswith(beginning):
                    return obj
        if self.prefer:
            return found[0] if found else None
        return self.rng.choice(found) if found else None

    def id(self, kind: type[Resource], aim: Aim | None = None) -> str:
        """Return an id for a path (or, with `aim`, for a body)."""
        obj = self.one(kind, aim or self.aim)
        return obj.id if obj is not None else self.unknown()

    def unknown(self) -> str:
        """Return an id that nothing has."""
        return uuid_of(self.rng)

    def project(self, aim: Aim | None = None) -> str:
        """Return a project's id."""
        aim = aim or self.aim
        if aim == "own":
            return self.person.project or self.unknown()
        if aim in ("other", "shared"):
            return self.rng.choice([project for project in (ALPHA, BETA) if project != self.person.project])
        return self.unknown().replace("-", "")

    def user(self, aim: Aim) -> str:
        """Return a user's id."""
        if aim == "own":
            return self.person.user
        return self.rng.choice([p.user for p in PEOPLE if p.user != self.person.user])

    # What bodies and paths name beyond plain ids.

    def flavor(self, aim: Aim | None = None) -> str:
        """Return a flavor's id as Nova knows it."""
        obj = self.of = self.one(Flavor, aim or self.aim)
        return obj.spec.flavorid if obj is not None else self.unknown()

    def small_flavor(self) -> str:
        """Return a flavor that a server can be made of."""
        obj = self.one(Flavor, self.refer, lambda f: f.spec.disk > 0 and not f.spec.disabled)
        return obj.spec.flavorid if obj is not None else self.unknown()

    def image(self) -> str:
        """Return an image that a server can be made of."""
        obj = self.one(Image, self.refer, lambda i: i.status.status == "active" and i.spec.min_disk < 5)
        return obj.id if obj is not None else self.unknown()

    def key_name(self, aim: Aim | None = None) -> str:
        """Return a key pair's name."""
        obj = self.one(KeyPair, aim or self.refer)
        return obj.spec.name if obj is not None else "no-such-key"

    def network(self) -> str:
        """Return a network for a port or a server: one with a subnet."""
        held = {subnet.spec.network_id for subnet in self._living(Subnet)}
        obj = self.one(Network, self.refer, lambda n: n.id in held and not n.spec.external)
        return obj.id if obj is not None else self.unknown()

    def free_port(self) -> str:
        """Return a port that no server has."""
        obj = self.one(Port, self.refer, lambda p: not p.spec.device_id)
        return obj.id if obj is not None else self.unknown()

    def address(self) -> str:
        """Return an address of one of the subnets."""
        subnet = self.one(Subnet, self.refer, lambda s: s.spec.ip_version == 4)
        head = subnet.spec.cidr.split("/")[0].rsplit(".", 1)[0] if subnet is not None else "192.0.2"
        return f"{head}.{self.rng.randint(2, 250)}"

    def name(self, suffix: str = "") -> str:
        """Return a name for something new: it tells the project."""
        canary = CANARY.get(self.person.project or "", "zqnobodyqz")
        if "admin" in self.person.roles:
            canary = "zqadminqz"  # may end up on anybody's object
        return f"{canary}-{self.rng.randrange(10**6)}{suffix}"


def _name(obj: Any) -> str:
    return str(getattr(obj.spec, "name", ""))
