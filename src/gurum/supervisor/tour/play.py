"""Plays the tour: the region list, then the same script in all regions side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from gurum.ops import secrets
from gurum.ops.clock import Clock, SystemClock
from gurum.ops.config import Config, RegionConfig, embedded_kubeconfig
from gurum.ops.together import together
from gurum.supervisor.places import Places
from gurum.supervisor.tour import script
from gurum.supervisor.tour.client import Client
from gurum.supervisor.tour.keys import public_key
from gurum.supervisor.tour.lanes import Lanes

CLOUD = "gurum"


async def play(config: Config, places: Places, environ: Mapping[str, str], out: TextIO) -> None:
    """Play the tour and say how long it took. Raises Refusal with the command that failed."""
    clock = SystemClock()
    began = clock.time()
    secrets.directory(places.tour)
    key = public_key(places.tour / "id_ed25519")
    surroundings = _environ(places, environ)
    out.write(
        "\nThe tour: the same commands of the stock client in every region. To type along:\n"
        f"  export OS_CLIENT_CONFIG_FILE={places.clouds} OS_CLOUD={CLOUD}\n"
    )
    first = Client(surroundings, _writer(out), clock, _elsewhere(config))
    await first.run("openstack", "region", "list")
    lanes = Lanes(out, len(config.regions))
    await together(
        _lane(lanes, number, region, places, key, surroundings, clock, _elsewhere(config))
        for number, region in enumerate(config.regions)
    )
    if _elsewhere(config):
        for words in script.CLUSTER:
            await first.run(script.KUBECTL, *words)
    out.write(f"\nThe tour took {clock.time() - began:.0f} s; each start of the client is about two of them.\n")
    out.flush()


def _writer(out: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        out.write(text)
        out.flush()

    return write


def _elsewhere(config: Config) -> dict[str, Path]:
    """Return where the programs are that only a run with a control plane has."""
    return {script.KUBECTL: Path(config.embedded.kubernetes_programs) / script.KUBECTL} if _clustered(config) else {}


def _clustered(config: Config) -> bool:
    return config.embedded.kubernetes and (Path(config.embedded.kubernetes_programs) / script.KUBECTL).exists()


def _environ(places: Places, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the client may see: nothing of the caller's clouds, and a width that fits a page."""
    kept = {name: environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR", "TZ") if name in environ}
    return {
        "LANG": "C.UTF-8",
        **kept,
        "OS_CLIENT_CONFIG_FILE": str(places.clouds),
        "OS_CLOUD": CLOUD,
        "KUBECONFIG": str(embedded_kubeconfig(places.state)),
        "CLIFF_MAX_TERM_WIDTH": "110",
        "PYTHONWARNINGS": "ignore",
    }


async def _lane(
    lanes: Lanes,
    number: int,
    region: RegionConfig,
    places: Places,
    key: Path,
    environ: Mapping[str, str],
    clock: Clock,
    elsewhere: Mapping[str, Path],
) -> None:
    def write(text: str) -> None:
        lanes.write(number, text)

    try:
        await _Visit(region, places, Client(environ, write, clock, elsewhere), write).play(key)
    finally:
        lanes.done(number)


class _Visit:
    """The script in one region."""

    def __init__(self, region: RegionConfig, places: Places, client: Client, write: Callable[[str], None]) -> None:
        self._region, self._places, self._client, self._write = region, places, client, write
        self._been = places.tour / f"{region.name}.visited"

    async def play(self, key: Path) -> None:
        title = f"{self._region.name}{f' ({self._region.simulated})' if self._region.simulated else ''}"
        self._write(f"\n── {title}\n")
        again = self._been.exists()
        secrets.write(self._been, "")
        there = await self._what_is_there(key) if again else {}
        for thing in script.things(key):
            if thing.name not in there.get(thing.lists, ()):
                await self._type(*thing.create)
        outside = next((network.name for network in self._region.external_networks), "")
        if outside:
            await self._router(outside, again)
        await self._servers(again)
        if outside:
            await self._address(outside, again)
        await self._stop_start_delete()

    async def _what_is_there(self, key: Path) -> dict[script.Words, set[str]]:
        """Ask for what an earlier tour left; the answers by the command that lists them."""
        self._write("\n# An earlier tour was here; what it left is used again.\n")
        there: dict[script.Words, set[str]] = {}
        for thing in script.things(key):
            if thing.kind == "rule" and not any(script.GROUP in names for names in there.values()):
                continue  # no group, no rules to ask for
            if thing.lists not in there:
                there[thing.lists] = {line.strip() for line in (await self._type(*thing.lists)).splitlines()}
        return there

    async def _servers(self, again: bool) -> None:
        there = _states(await self._type(*script.SERVER_STATES)) if again else {}
        for name in (script.FIRST, script.SECOND):
            status = there.get(name)
            if status is not None and status not in script.TO_ACTIVE:
                await self._type("server", "delete", name)
                await self._until(_without(name), f"{name} is gone", *script.SERVER_STATES)
                status = None
            if status is None:
                await self._type(*script.create_server(name))
            else:
                for words in script.TO_ACTIVE[status]:
                    await self._type(*words, name)
        await self._until(_all_active, "both are ACTIVE", *script.SERVERS)
        await self._objects()

    async def _objects(self) -> None:
        """Show the same servers as the cluster's objects, where they are."""
        if script.KUBECTL in self._client.elsewhere:
            await self._client.run(script.KUBECTL, *script.OBJECTS)

    async def _router(self, outside: str, again: bool) -> None:
        """Join the network to the outside."""
        router = script.router(outside)
        if not again or router.name not in (await self._type(*router.lists)).split():
            await self._type(*router.create)
        if not again or not (await self._type(*script.INTERFACES)).strip():
            await self._type(*script.JOIN)

    async def _address(self, outside: str, again: bool) -> None:
        """Give the first server a public address, see that it leads there, and give it back."""
        held = (await self._type(*script.FLOATING)).split() if again else []
        for address in held or [(await self._type(*script.new_address(outside))).strip()]:
            await self._type(*script.give(address))
            await self._until(_active_address(address), f"{address} is ACTIVE", *script.FLOATING_IPS)
            await self._type(*script.take(address))

    async def _stop_start_delete(self) -> None:
        for verb, status in (("stop", "SHUTOFF"), ("start", "ACTIVE")):
            await self._type("server", verb, script.FIRST)
            await self._until(_just(status), f"it is {status}", *script.show_status(script.FIRST))
        await self._type("server", "delete", script.SECOND)
        await self._until(_without(script.SECOND), f"{script.SECOND} is gone", *script.SERVERS)
        await self._objects()
        where = ("--state", str(self._places.state), "--region", self._region.name)
        await self._client.run("gurum", "explain", "server", script.FIRST, *where)

    async def _type(self, *words: str) -> str:
        return await self._client.run("openstack", "--os-region-name", self._region.name, *words)

    async def _until(self, wanted: Callable[[str], bool], what: str, *words: str) -> str:
        return await self._client.until(wanted, what, "openstack", "--os-region-name", self._region.name, *words)


def _just(status: str) -> Callable[[str], bool]:
    return lambda output: output.strip() == status


def _without(name: str) -> Callable[[str], bool]:
    return lambda output: name not in output


def _active_address(address: str) -> Callable[[str], bool]:
    return lambda output: any(address in line and "ACTIVE" in line for line in output.splitlines())


def _states(output: str) -> dict[str, str]:
    """Return status by name from lines "name status"."""
    return {name: status for name, _, status in (line.strip().partition(" ") for line in output.splitlines())}


def _all_active(output: str) -> bool:
    rows = [[cell.strip() for cell in line.split("|")] for line in output.splitlines()]
    active = {row[1] for row in rows if len(row) > 2 and row[2] == "ACTIVE"}
    return {script.FIRST, script.SECOND} <= active
