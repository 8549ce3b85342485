"""The operations on key pairs."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from gurum.model.base import Metadata, new_id
from gurum.model.compute import KeyPair, KeyPairSpec
from gurum.model.quota import QuotaUsage
from gurum.pia.compute.keypairs import keys, schemas
from gurum.pia.compute.paging import limit_of, links
from gurum.pia.compute.quotas.limits import limits_of
from gurum.pia.compute.view import micros
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.entries import Order, rendered
from gurum.pia.kernel.errors import ApiError, bad_request, conflict, forbidden, not_found
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, empty, encode, json, listing
from gurum.policy.model import Target
from gurum.store.contract import ExistsError, NotFoundError

X509 = "x509"


def order(pair: KeyPair) -> Order:
    """List by name."""
    return (pair.spec.name, pair.id)


def group(pair: KeyPair) -> str:
    """A key pair belongs to a user, not to a project."""
    return pair.spec.user_id


def _user(ctx: Context) -> str:
    """Return whose key pairs are meant: from 2.10 on an administrator may name another user."""
    named = ctx.query.last("user_id") if ctx.version >= 10 else ""
    return named or ctx.principal.user_id


def _of_user(ctx: Context) -> Subject:
    return Subject(target=Target(project_id=ctx.project, user_id=_user(ctx)))


def _of_body(ctx: Context) -> Subject:
    return Subject(target=Target(project_id=ctx.project, user_id=_owner(ctx)))


def _owner(ctx: Context) -> str:
    return str(ctx.body["keypair"].get("user_id") or ctx.principal.user_id)


def _missing(name: str, user: str) -> ApiError:
    return not_found(f"Keypair {name} not found for user {user}")


def _pair(ctx: Context) -> KeyPair:
    name, user = ctx.params["name"], _user(ctx)
    pair = ctx.mirror(KeyPair).by_key(f"{ctx.region.name}/{user}/{name}")
    if pair is None:
        raise _missing(name, user)
    return pair


def _brief(pair: KeyPair, version: int) -> dict[str, Any]:
    spec = pair.spec
    shown: dict[str, Any] = {"name": spec.name, "public_key": spec.public_key, "fingerprint": spec.fingerprint}
    if version >= 2:
        shown["type"] = spec.type
    return shown


async def index(ctx: Context) -> Response:
    """List a user's key pairs by name."""
    user = _user(ctx)
    if user != ctx.principal.user_id and not (await ctx.ask("compute:keypairs:show", Target(user_id=user))).allow:
        raise ctx.service.wire.denied(ctx.request, ctx.decision)
    entries = ctx.mirror(KeyPair).members(ctx.region.name, user)
    tail = b""
    if ctx.version >= 35:
        marker = ctx.query.last("marker")
        start = 0
        if marker:
            start = next((n + 1 for n, entry in enumerate(entries) if entry.object.spec.name == marker), 0)
            if not start:
                raise bad_request(f"Marker {marker} could not be found.")
        entries = entries[start : start + limit_of(ctx)]
        tail = links(ctx, "keypairs", len(entries), entries[-1].object.spec.name if entries else "", "os-keypairs")
    shape = 2 if ctx.version >= 2 else 1
    pieces = rendered(entries, shape, lambda entry: encode({"keypair": _brief(entry.object, shape)}))
    return listing("keypairs", pieces, tail)


async def show(ctx: Context) -> Response:
    """Show a key pair."""
    pair = _pair(ctx)
    spec = pair.spec
    shown = _brief(pair, ctx.version) | {
        "user_id": spec.user_id,
        "id": spec.number,
        "created_at": micros(pair.metadata.created_at),
        "updated_at": None,
        "deleted": False,
        "deleted_at": None,
    }
    return json({"keypair": shown})


async def create(ctx: Context) -> Response:
    """Take in a public key, or make a pair where none is given (below 2.92)."""
    body = ctx.body["keypair"]
    name, user, kind = body["name"], _owner(ctx), body.get("type", "ssh")
    held = len(ctx.mirror(KeyPair).members(ctx.region.name, user))
    limit = limits_of(ctx, ctx.project)["key_pairs"]
    private = ""
    public = body.get("public_key")
    if public is None:
        if kind == X509:
            private, public = await asyncio.to_thread(keys.generate_certificate, user, ctx.parts.clock.time())
        else:
            private, public = await asyncio.to_thread(keys.generate)
    try:
        fingerprint = keys.certificate_fingerprint(public) if kind == X509 else keys.fingerprint(public)
    except keys.NotAKeyError:
        raise bad_request("Keypair data is invalid: failed to generate fingerprint") from None
    if 0 <= limit <= held:
        raise forbidden("Quota exceeded, too many key pairs.")
    uid = new_id()
    pair = KeyPair(
        metadata=Metadata(id=uid, key=f"{ctx.region.name}/{user}/{name}", region=ctx.region.name, cause=ctx.cause),
        spec=KeyPairSpec(
            name=name,
            user_id=user,
            public_key=public,
            fingerprint=fingerprint,
            type=kind,
            number=uuid.UUID(uid).int % 0x7FFFFFFF,
        ),
    )
    try:
        await ctx.parts.store.create(pair)
    except ExistsError:
        raise conflict(f"Key pair '{name}' already exists.") from None
    shown = _brief(pair, ctx.version) | {"user_id": user}
    if private:
        shown["private_key"] = private
    return json({"keypair": shown}, 201 if ctx.version >= 2 else 200)


async def delete(ctx: Context) -> Response:
    """Delete a key pair; servers keep what they copied."""
    try:
        await ctx.parts.store.delete(KeyPair, _pair(ctx).id, cause=ctx.cause)
    except NotFoundError:
        raise _missing(ctx.params["name"], _user(ctx)) from None
    return empty(204 if ctx.version >= 2 else 202)


ROUTES = (
    Route(
        method="GET",
        path="/os-keypairs",
        handler=index,
        query=schemas.LIST,
        policy="compute:keypairs:list",
        find=_of_user,
        reads=(KeyPair,),
        shape="list",
        summary="List key pairs",
    ),
    Route(
        method="POST",
        path="/os-keypairs",
        handler=create,
        body=schemas.CREATE,
        policy="compute:keypairs:create",
        find=_of_body,
        reads=(KeyPair, QuotaUsage),
        status=201,
        shape="write",
        summary="Import or create a key pair",
    ),
    Route(
        method="GET",
        path="/os-keypairs/{name}",
        handler=show,
        query=schemas.ONE,
        policy="compute:keypairs:show",
        find=_of_user,
        reads=(KeyPair,),
        summary="Show a key pair",
    ),
    Route(
        method="DELETE",
        path="/os-keypairs/{name}",
        handler=delete,
        query=schemas.ONE,
        policy="compute:keypairs:delete",
        find=_of_user,
        reads=(KeyPair,),
        status=204,
        shape="write",
        summary="Delete a key pair",
    ),
)
