"""Pages in the order of ids, read off what is in order already: the same as cutting the whole list, but cheaper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import pytest
from tests.pia.network.support import Client, network_kit
from tests.support.pia import PROJECTS, REGION, Kit

from gurum.model.base import Metadata, new_id
from gurum.model.network import Network, Port, PortSpec
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.mirror import Mirror
from gurum.pia.network.inventory import by_id
from gurum.pia.network.runs import chained, merged, of_entries, of_ids

UNKNOWN = "11111111-2222-4333-8444-555555555555"
NOUNS = ("networks", "subnets", "ports", "security-groups", "security-group-rules")


async def world() -> tuple[Kit, dict[str, str]]:
    """Networks of two projects and a shared one, each with ports of both: who lists what comes from every source."""
    kit = await network_kit()
    admin = Client(kit, "admin")
    networks = {}
    for who in ("member", "other"):
        networks[who], _ = await Client(kit, who).net()
    shared = await admin.make("network", shared=True)
    networks["shared"] = shared["id"]
    await admin.make("subnet", network_id=shared["id"], ip_version=4, cidr="10.7.0.0/24")
    for network in networks.values():
        for who in ("member", "other", "admin"):
            for _ in range(3):
                await admin.make("port", network_id=network, project_id=PROJECTS[who])
    for who in ("member", "other"):
        group = await Client(kit, who).make("security_group", name="g")
        rule = {"security_group_id": group["id"], "direction": "ingress"}
        await admin.make("security_group_rule", **rule, protocol="tcp")
        await admin.make("security_group_rule", **rule, protocol="udp", project_id=PROJECTS["other"])
    return kit, networks


async def ids(client: Client, path: str) -> list[str]:
    return [found["id"] for found in await client.get(path)]


async def paged(client: Client, path: str, limit: int, *, reverse: bool = False) -> list[str]:
    """Return all ids of a list, page by page."""
    found: list[str] = []
    more = "?" if "?" not in path else "&"
    while page := await ids(
        client,
        f"{path}{more}limit={limit}"
        + (f"&marker={found[0 if reverse else -1]}" if found else "")
        + ("&page_reverse=True" if reverse else ""),
    ):
        assert len(page) <= limit
        found = [*page, *found] if reverse else [*found, *page]
    return found


@pytest.mark.parametrize("token", ["member", "other", "admin"])
async def test_pages_are_the_list_in_order_of_ids(token: str) -> None:
    kit, _ = await world()
    client = Client(kit, token)
    for noun in NOUNS:
        whole = await ids(client, f"/{noun}")
        assert len(whole) == len(set(whole)) > 1
        for limit in (1, 2, 7, 1000):
            assert await paged(client, f"/{noun}", limit) == sorted(whole)
            assert await paged(client, f"/{noun}", limit, reverse=True) == sorted(whole)


async def test_what_is_listed_is_what_policy_lets_one_see() -> None:
    kit, networks = await world()
    everything = await Client(kit, "admin").get("/ports")
    own = networks["member"]
    for port in everything:
        seen = (await Client(kit).call("GET", f"/ports/{port['id']}")).status == 200
        assert seen == (port["project_id"] == PROJECTS["member"] or port["network_id"] == own)
    shown = {p["id"] for p in everything if p["project_id"] == PROJECTS["member"] or p["network_id"] == own}
    assert shown <= set(await ids(Client(kit), "/ports"))


@pytest.mark.parametrize("token", ["member", "admin"])
async def test_pages_of_what_filters_leave(token: str) -> None:
    kit, networks = await world()
    client = Client(kit, token)
    some = await ids(client, "/ports")
    for query in (
        f"network_id={networks['shared']}",
        f"network_id={networks['member']}&network_id={networks['shared']}",
        f"project_id={PROJECTS['member']}",
        "&".join(f"id={uid}" for uid in [*some[::2], *some[::2], UNKNOWN]),
        f"network_id={networks['member']}&project_id={PROJECTS['other']}",
    ):
        whole = await ids(client, f"/ports?{query}")
        assert whole
        assert len(set(whole)) == len(whole)
        assert await paged(client, f"/ports?{query}", 2) == sorted(whole)


async def test_pages_follow_what_comes_and_goes() -> None:
    kit, networks = await world()
    client, admin = Client(kit), Client(kit, "admin")
    path = f"/ports?network_id={networks['member']}"
    before = await paged(client, path, 2)
    gone = before[1]
    await admin.delete(f"/ports/{gone}")
    come = (await admin.make("port", network_id=networks["member"], project_id=PROJECTS["other"]))["id"]
    after = sorted({*before, come} - {gone})
    assert await paged(client, path, 2) == after
    assert set(after) <= set(await paged(client, "/ports", 3))


async def test_what_others_have_on_a_network_is_listed_no_more_when_that_is_gone() -> None:
    kit = await network_kit()
    client, admin = Client(kit), Client(kit, "admin")
    network = (await client.make("network"))["id"]
    port = (await admin.make("port", network_id=network))["id"]
    assert await ids(client, "/ports") == [port]
    await kit.store.delete(Network, network)
    assert await ids(client, "/ports") == []
    assert await ids(admin, "/ports") == [port]


async def test_a_port_that_is_there_before_its_network() -> None:
    kit = await network_kit()
    uid, network = new_id(), new_id()
    meta = Metadata(id=uid, key=uid, region=REGION, project=PROJECTS["other"])
    await kit.store.create(Port(metadata=meta, spec=PortSpec(network_id=network)))
    assert await ids(Client(kit), "/ports") == []
    stored = await kit.store.get(Network, (await Client(kit).make("network"))["id"])
    stored.metadata = Metadata(id=network, key=network, region=REGION, project=PROJECTS["member"])
    await kit.store.create(stored)
    assert await ids(Client(kit), "/ports") == [uid]


@pytest.mark.parametrize("noun", NOUNS)
async def test_a_marker_of_anothers_is_an_unknown_one(noun: str) -> None:
    kit, _ = await world()
    client = Client(kit)
    own = set(await ids(client, f"/{noun}"))
    theirs = next(uid for uid in await ids(Client(kit, "admin"), f"/{noun}") if uid not in own)
    for sort in ("", "&sort_key=id&sort_dir=asc"):
        path = f"/{noun}?limit=2{sort}&marker="
        told = {uid: await client.refused("GET", path + uid) for uid in (theirs, UNKNOWN)}
        assert {(status, type_, text.replace(uid, "")) for uid, (status, type_, text) in told.items()} == {
            (404, told[UNKNOWN][1], told[UNKNOWN][2].replace(UNKNOWN, ""))
        }
        assert (await Client(kit, "admin").call("GET", path + theirs)).status == 200


async def test_a_limit_beyond_all_counting() -> None:
    client = Client(await network_kit())
    network = await client.make("network")
    assert await ids(client, f"/networks?limit={10**40}") == [network["id"]]


# --- what a page costs


class Counting(Sequence[Any]):
    """A list that counts how often it is read."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.items, self.reads = items, 0

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        self.reads += 1
        return self.items[place]


def entries(count: int) -> list[Entry[Port]]:
    found = []
    for number in range(count):
        uid = f"{number:08}"
        port = Port(metadata=Metadata(id=uid, key=uid, region=REGION), spec=PortSpec(network_id="n"))
        found.append(Entry(port, by_id(port), None))
    return found


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("runs", [1, 2])
def test_a_page_reads_what_it_has_and_no_more(reverse: bool, runs: int) -> None:
    items = entries(4096)
    read = [Counting(items[number::runs]) for number in range(runs)]
    walk = merged([of_entries(each) for each in read], "00002000", reverse=reverse)
    page = [next(walk).object.id for _ in range(10)]
    assert page == [f"{2000 + (-n if reverse else n):08}" for n in range(1, 11)]
    assert sum(each.reads for each in read) <= runs * 13 + 10 + runs  # the bisections, the page, one ahead in each


def test_runs_say_everything_once() -> None:
    items = entries(6)
    runs = [of_entries(items[:4]), of_entries(items[2:], without={"00000004"})]
    expected = ["00000000", "00000001", "00000002", "00000003", "00000005"]
    assert [entry.object.id for entry in chained(runs)] == expected
    assert [entry.object.id for entry in merged(runs, None, reverse=False)] == expected
    assert [entry.object.id for entry in merged(runs, None, reverse=True)] == expected[::-1]
    assert list(merged([of_ids(("nobody",), Mirror(Port))], None, reverse=False)) == []
