"""Creating servers: everything that can be refused at once is refused here, the rest is the engine's."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gurum.model.base import Metadata, new_id
from gurum.model.compute import Flavor, KeyPair, ServerGroup
from gurum.model.image import Image
from gurum.model.network import Network, Port, SecurityGroup, Subnet
from gurum.model.quota import QuotaUsage
from gurum.model.region import Region
from gurum.model.server import Action, NetworkRequest, Server, ServerKey, ServerSpec
from gurum.pia.compute import fields, server_groups, zones
from gurum.pia.compute.servers import boot, nics, offered, quota, schemas
from gurum.pia.compute.servers.view import created
from gurum.pia.compute.wire import VERSION
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, json

FINALIZER = "engine"
_LETTERS = string.ascii_letters + string.digits
_SMALL = string.ascii_lowercase + string.digits


class Wish(msgspec.Struct, kw_only=True):
    """A creation that may go ahead: everything that was looked up for it."""

    name: str
    hostname: str
    flavor: Flavor
    image: Image
    key: ServerKey | None
    networks: list[NetworkRequest]
    groups: list[str]
    zone: str
    server_group: str
    user_data: str
    least: int
    most: int


def find(ctx: Context) -> Subject:
    """Say what the request touches beyond creating: each such part has a rule of its own."""
    body = ctx.body["server"]
    _counts(body)
    attributes = []
    if body.get("trusted_image_certificates"):
        attributes.append("trusted_certs")
    _, host = zones.parse(body.get("availability_zone"))
    if host:
        attributes.append("forced_host")
    if body.get("host") or body.get("hypervisor_hostname"):
        attributes.append("requested_destination")
    if body.get("block_device_mapping") or body.get("block_device_mapping_v2"):
        attributes.append("attach_volume")
    if body.get("networks") not in (None, [], "none"):
        attributes.append("attach_network")
    return Subject(target=ctx.own(*attributes))


AT_ONCE = 1000  # servers of one request: with an unlimited quota nothing else would bound its memory and its writes


def _counts(body: Mapping[str, Any]) -> tuple[int, int]:
    least = fields.integer(body.get("min_count", 1))
    most = fields.integer(body.get("max_count", least))
    if least > most:
        raise bad_request("min_count must be <= max_count")
    return least, most


async def create(ctx: Context) -> Response:
    """Accept servers: 202, and the engine builds them."""
    body = ctx.body["server"]
    wish = await _check(ctx, body)
    count = quota.fitting(ctx, wish.flavor, wish.least, wish.most)
    if wish.least > AT_ONCE:
        raise bad_request(f"min_count must be <= {AT_ONCE}: the servers of one request are made together")
    count = min(count, AT_ONCE)
    servers = _servers(ctx, body, wish, count)
    await quota.reserve(ctx, wish.flavor, count, servers[-1].id)
    made, refusal = await ctx.parts.store.create_many(servers)
    if refusal is not None:
        await _undo(ctx, [server for server in made if isinstance(server, Server)], servers[-1].id)
        raise refusal
    if body.get("return_reservation_id") in fields.TRUTHS:
        return json({"reservation_id": servers[0].spec.reservation_id}, 202)
    password = str(body.get("adminPass") or _random(_LETTERS, 12))
    response = json({"server": created(servers[0], ctx.root, password, body)}, 202)
    response.headers.append(("Location", f"{ctx.root}{VERSION}/servers/{servers[0].id}"))
    return response


async def _undo(ctx: Context, made: Sequence[Server], reservation: str) -> None:
    """Take back a creation that the store refused half-way."""
    for server in made:
        await ctx.parts.store.delete(Server, server.id, cause=ctx.cause)
    await quota.release(ctx, reservation)


async def _check(ctx: Context, body: Mapping[str, Any]) -> Wish:
    """Look up and check what the request names, in the order in which Nova does. Raises 400, 403, 409."""
    least, most = _counts(body)
    name = body["name"].strip()
    zone, host = zones.parse(body.get("availability_zone"))
    boot.check_devices(body)
    image_id = boot.image_ref(body)
    requests = nics.requested(body.get("networks"))
    flavor = boot.flavor_of(ctx, body["flavorRef"])
    nics.check_count(requests, most)
    hostname = body.get("hostname") or ""
    if hostname and most > 1:
        raise bad_request("Unable to allocate a single hostname to multiple instances")
    wanted_host = host or body.get("host") or body.get("hypervisor_hostname")
    if wanted_host:
        raise bad_request(f"Compute host {wanted_host} could not be found.")
    zones.check(ctx, zone)
    image = boot.image_of(ctx, image_id)
    user_data = boot.user_data_of(ctx, body.get("user_data"))
    boot.check_personality(body.get("personality", ()))
    groups = await nics.groups(ctx, body.get("security_groups"), needed=requests != "none")
    networks = nics.checked(ctx, requests)
    key = boot.key_of(ctx, body.get("key_name"))
    quota.check_metadata(ctx, len(body.get("metadata", {})))
    boot.check_fit(ctx, image, flavor)
    server_group = server_groups.hinted(ctx, most)
    offered.check(ctx, body, flavor, networks)
    return Wish(
        name=name,
        hostname=hostname,
        flavor=flavor,
        image=image,
        key=key,
        networks=networks,
        groups=groups,
        zone=zone,
        server_group=server_group,
        user_data=user_data,
        least=least,
        most=most,
    )


def _servers(ctx: Context, body: Mapping[str, Any], wish: Wish, count: int) -> list[Server]:
    """Return the servers to store."""
    now = ctx.parts.clock.time()
    reservation = "r-" + _random(_SMALL, 8)
    several = count > 1
    servers = []
    for index in range(count):
        uid = new_id()
        name = f"{wish.name}-{index + 1}" if several else wish.name
        action = Action(
            number=1,
            action="create",
            request_id=ctx.request.request_id,
            user_id=ctx.principal.user_id,
            project_id=ctx.project,
            start_time=now,
        )
        spec = ServerSpec(
            name=name,
            user_id=ctx.principal.user_id,
            flavor=boot.copied(wish.flavor),
            image_id=wish.image.id,
            image_cloud_id=wish.image.spec.cloud_id,
            key=wish.key,
            networks=wish.networks,
            security_groups=wish.groups,
            availability_zone=wish.zone,
            group=wish.server_group,
            user_data=wish.user_data,
            config_drive=body.get("config_drive") in fields.TRUTHS,
            metadata=dict(body.get("metadata", {})),
            tags=list(dict.fromkeys(body.get("tags") or ())),
            description=body.get("description") if ctx.version >= 19 else wish.name,
            hostname=wish.hostname or hostname_of(name, uid),
            disk_config=body.get("OS-DCF:diskConfig", "MANUAL"),
            access_ipv4=body.get("accessIPv4", ""),
            access_ipv6=fields.shortened(body.get("accessIPv6", "")),
            reservation_id=reservation,
            launch_index=index,
            trusted_image_certificates=body.get("trusted_image_certificates"),
            actions=[action],
        )
        metadata = Metadata(
            id=uid, key=uid, region=ctx.region.name, project=ctx.project, finalizers=[FINALIZER], cause=ctx.cause
        )
        servers.append(Server(metadata=metadata, spec=spec))
    return servers


def _random(letters: str, length: int) -> str:
    """Return that many letters, each as likely as any other; one look at the system's source of randomness for all."""
    number, text = secrets.randbelow(len(letters) ** length), ""
    for _ in range(length):
        number, place = divmod(number, len(letters))
        text += letters[place]
    return text


def hostname_of(name: str, uid: str) -> str:
    """Return the host name that Nova makes of a server's name; one from the id where nothing is left of it."""
    text = name.encode("latin-1", "ignore").decode("latin-1")
    text = re.sub(r"[^\w.-]+", "", re.sub(r"[ _.]", "-", text), flags=re.ASCII).lower().strip(".-")
    return text[:63].rstrip("-") or f"Server-{uid}"


ROUTES = (
    Route(
        method="POST",
        path="/servers",
        handler=create,
        body=schemas.CREATE,
        policy="compute:servers:create",
        find=find,
        reads=(Server, Flavor, Image, KeyPair, Network, Subnet, Port, SecurityGroup, QuotaUsage, Region, ServerGroup),
        status=202,
        shape="write",
        summary="Create servers",
    ),
)
