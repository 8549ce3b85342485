"""An engine that is pretended: what was asked for has happened, without a cloud and at once."""

from __future__ import annotations

import ipaddress

from tests.support.pia import Kit

from gurum.model import codec
from gurum.model.base import External, Metadata, new_id
from gurum.model.network import FixedIP, Network, Port, PortSpec, SecurityGroup, Subnet
from gurum.model.server import ActionOutcome, Address, ConsoleLog, Fault, NetworkRequest, Server
from gurum.store.contract import Record


class Pretender:
    """Plays the engine's part, at once and without a cloud: everything asked for has happened when `work` returns."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def work(self) -> None:
        """Build, stop, start, reboot, fetch and remove whatever waits."""
        store = self._kit.store
        for server in (await store.list(Server, limit=100_000)).items:
            if server.deleting:
                await self._remove(server)
            else:
                await self._advance(server)
        for kind in (Network, Subnet, Port, SecurityGroup):
            for obj in (await store.list(kind, limit=100_000)).items:
                if obj.deleting:
                    obj.metadata.finalizers = []
                    await store.update_status(obj)
        for log in (await store.list(ConsoleLog, limit=100_000)).items:
            if log.spec.asked_at > log.status.fetched_at:
                log.status.text = "FIRST\nSECOND\nLAST LINE"
                log.status.fetched_at = log.spec.asked_at
                await store.update_status(log)

    async def _remove(self, server: Server) -> None:
        kit, last = self._kit, codec.copy(server)
        last.status.vm_state, last.status.task_state = "deleted", None
        last.status.terminated_at = kit.clock.time()
        record = Record(
            at=kit.clock.time(),
            type="deleted",
            kind=Server.kind,
            object_id=server.id,
            region=server.metadata.region,
            project=server.metadata.project,
            data=codec.encode(last),
        )
        await kit.journal.append(record, unique="deleted")
        for port in (await kit.store.list(Port, limit=100_000)).items:
            if port.spec.device_id == server.id:
                await kit.store.delete(Port, port.id)
        server.metadata.finalizers = []
        await kit.store.update_status(server)

    async def _advance(self, server: Server) -> None:
        kit, status = self._kit, server.status
        for action in server.spec.actions:
            if action.number <= status.done:
                continue
            event = {"create": "compute__do_build_and_run_instance"}.get(
                action.action, f"compute_{action.action}_instance"
            )
            if action.action == "create":
                await self._build(server)
            elif action.action == "stop":
                status.vm_state, status.power_state = "stopped", 4
            else:
                status.vm_state, status.power_state = "active", 1
            now = kit.clock.time()
            status.outcomes.append(
                ActionOutcome(
                    number=action.number,
                    event=event,
                    start_time=now,
                    finish_time=now,
                    result="Error" if status.fault else "Success",
                )
            )
            status.done, status.task_state = action.number, None
        await kit.store.update_status(server)

    async def _build(self, server: Server) -> None:
        kit, status = self._kit, server.status
        zone = kit.region.zones[0]
        named = [zone for zone in kit.region.zones if zone.name == server.spec.availability_zone]
        zone = named[0] if named else zone
        status.zone, status.availability_zone = zone.id, zone.name
        for number, request in enumerate(server.spec.networks):
            port = await self._port(server, number, request)
            if port is None:
                status.vm_state, status.fault = (
                    "error",
                    Fault(code=500, message="No address.", created=kit.clock.time()),
                )
                return
            network = await kit.store.get(Network, port.spec.network_id)
            status.addresses += [
                Address(network=network.spec.name, addr=ip.ip_address, mac=port.spec.mac_address, port_id=port.id)
                for ip in port.spec.fixed_ips
            ]
        status.vm_state, status.power_state, status.launched_at = "active", 1, kit.clock.time()
        status.external = External(provider="simulated", account="1", region="r", id=f"i-{server.id}")

    async def _port(self, server: Server, number: int, request: NetworkRequest) -> Port | None:
        store = self._kit.store
        if request.port_id:
            port = await store.get(Port, request.port_id)
            port.spec.device_id, port.spec.device_owner = server.id, "compute:x"
            return await store.update_spec(port)
        subnets = [s for s in (await store.list(Subnet)).items if s.spec.network_id == request.network_id]
        held = {ip.ip_address for p in (await store.list(Port, limit=100_000)).items for ip in p.spec.fixed_ips}
        for subnet in subnets:
            wanted = ipaddress.ip_network(subnet.spec.cidr)
            free = [str(a) for a in list(wanted.hosts())[100:200] if str(a) not in held]
            address = request.fixed_ip or free[0]
            if ipaddress.ip_address(address) not in wanted:
                return None
            uid = new_id()
            return await store.create(
                Port(
                    metadata=Metadata(
                        id=uid,
                        key=uid,
                        region=server.metadata.region,
                        project=server.metadata.project,
                        labels={"index": f"{number:03d}"},
                    ),
                    spec=PortSpec(
                        network_id=request.network_id,
                        mac_address="fa:16:3e:" + ":".join(uid[n : n + 2] for n in (0, 2, 4)),
                        fixed_ips=[FixedIP(subnet_id=subnet.id, ip_address=address)],
                        security_groups=list(server.spec.security_groups),
                        device_id=server.id,
                        device_owner="compute:x",
                        implied=True,
                    ),
                )
            )
        return None
