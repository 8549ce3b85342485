"""External networks of the configuration are in the store after every start, the same ones, and stay as changed."""

from __future__ import annotations

from gurum.engine import seed
from gurum.model.network import Network, Subnet
from gurum.ops.clock import SystemClock
from gurum.ops.config import ExternalNetworkConfig, RegionConfig
from gurum.store.memory import MemoryStore

PUBLIC = ExternalNetworkConfig(name="public", subnet_name="public4", cidr="203.0.113.0/24")


def region(*external: ExternalNetworkConfig, name: str = "one") -> RegionConfig:
    return RegionConfig(name=name, provider="simulated", port=0, external_networks=list(external))


async def test_a_network_and_its_subnet() -> None:
    store = MemoryStore(clock=SystemClock())
    await seed.seed(store, region(PUBLIC), SystemClock())
    [network] = (await store.list(Network)).items
    [subnet] = (await store.list(Subnet)).items
    assert (network.spec.name, network.spec.external, network.spec.shared) == ("public", True, False)
    assert network.metadata.project == subnet.metadata.project != ""
    assert network.metadata.finalizers == subnet.metadata.finalizers == ["engine"]
    assert (subnet.spec.network_id, subnet.spec.name, subnet.spec.gateway_ip) == (network.id, "public4", "203.0.113.1")
    [pool] = subnet.spec.allocation_pools
    assert (pool.start, pool.end) == ("203.0.113.2", "203.0.113.254")


async def test_a_second_start_changes_nothing_and_another_region_has_its_own() -> None:
    store = MemoryStore(clock=SystemClock())
    await seed.seed(store, region(PUBLIC), SystemClock())
    [network] = (await store.list(Network)).items
    network.spec.name = "renamed by an administrator"
    await store.update_spec(network)
    await seed.seed(store, region(PUBLIC), SystemClock())
    assert [n.spec.name for n in (await store.list(Network)).items] == ["renamed by an administrator"]
    await seed.seed(store, region(PUBLIC, name="two"), SystemClock())
    assert len({n.id for n in (await store.list(Network)).items}) == 2
    assert len({s.id for s in (await store.list(Subnet)).items}) == 2
    assert len({n.metadata.project for n in (await store.list(Network)).items}) == 2


async def test_ids_and_gateways_can_be_chosen() -> None:
    store = MemoryStore(clock=SystemClock())
    uid = "11111111-2222-4333-8444-555555555555"
    chosen = ExternalNetworkConfig(
        name="public", subnet_name="s", cidr="198.51.100.0/25", gateway_ip="198.51.100.126", id=uid, mtu=9000
    )
    await seed.seed(store, region(chosen), SystemClock())
    network = await store.get(Network, uid)
    [subnet] = (await store.list(Subnet)).items
    assert (network.spec.mtu, subnet.spec.gateway_ip) == (9000, "198.51.100.126")
    assert [(p.start, p.end) for p in subnet.spec.allocation_pools] == [("198.51.100.1", "198.51.100.125")]
