"""What a server starts from: image, flavor, key pair, devices. Each check refuses in Nova's words and in its order."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from gurum.model.compute import Flavor, KeyPair
from gurum.model.image import Image
from gurum.model.server import ServerFlavor, ServerKey
from gurum.pia.compute import fields
from gurum.pia.compute.flavors import view as flavors
from gurum.pia.compute.servers import offered
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request, forbidden

GIB = 1024**3
NO_VOLUMES = "Block Device Mapping is Invalid: volumes are not offered in this region."

Body = Mapping[str, Any]


def _device(text: str) -> ApiError:
    return bad_request(f"Block Device Mapping is Invalid: {text}")


def check_devices(body: Body) -> None:
    """Refuse devices that are malformed and, as there are no volumes here, all but the image itself as root disk."""
    old, new = body.get("block_device_mapping", []), body.get("block_device_mapping_v2", [])
    if old and new:
        raise bad_request("Using different block_device_mapping syntaxes is not allowed in the same request.")
    for device in new:
        _check_device(device, image=body.get("imageRef") or "")
    for device in old:
        if device.get("no_device"):
            continue
        if "volume_id" in device:
            raise _device(f"failed to get volume {device['volume_id']}.")
        if "snapshot_id" in device:
            raise _device(f"failed to get snapshot {device['snapshot_id']}.")
        raise bad_request(NO_VOLUMES)


def _check_device(device: Body, *, image: str) -> None:
    source, uid = device.get("source_type"), device.get("uuid")
    if source == "blank" and uid:
        raise _device("Invalid device UUID.")
    if source != "blank" and not uid:
        raise _device("Missing device UUID.")
    if source == "image" and device.get("destination_type") == "local":
        index = device.get("boot_index")
        if not image or fields.integer(-1 if index is None else index) != 0:
            raise _device("Mapping image to local is not supported.")
        if uid != image:
            raise bad_request(NO_VOLUMES)
        return
    if device.get("destination_type") == "local" and device.get("volume_type"):
        raise _device("Specifying a volume_type with destination_type=local is not supported.")
    if source == "volume":
        raise _device(f"failed to get volume {uid}.")
    if source == "snapshot":
        raise _device(f"failed to get snapshot {uid}.")
    raise bad_request(NO_VOLUMES)


def image_ref(body: Body) -> str:
    """Return the image's id. Raises 400 when there is none: nothing else can be booted from here."""
    if not body.get("imageRef"):
        raise bad_request("Missing imageRef attribute")
    return str(body["imageRef"])


def flavor_of(ctx: Context, ref: object) -> Flavor:
    """Return the flavor that a request names. Raises 400 for an unknown one, and for one the caller may not see."""
    flavor = flavors.seen(ctx, str(ref).rsplit("/", 1)[-1])
    if flavor is None or flavor.spec.disabled:
        raise bad_request(f"Flavor {ref} could not be found.")
    return flavor


def image_seen(ctx: Context, uid: str) -> Image | None:
    """Return the image of an id; None for an unknown one and for another project's."""
    image = ctx.mirror(Image).get(uid.lower(), ctx.region.name)
    if image is None or not (image.spec.visibility in ("public", "community") or image.spec.owner == ctx.project):
        return None
    return image


def image_of(ctx: Context, uid: str) -> Image:
    """Return the image. Raises 400 for an unknown one, another project's, and one that is not active."""
    image = image_seen(ctx, uid)
    if image is None:
        raise bad_request("Can not find requested image")
    if image.status.status != "active":
        raise bad_request(f"Image {image.id} is not active.")
    return image


def check_fit(ctx: Context, image: Image, flavor: Flavor) -> None:
    """Refuse a flavor that is too small for the image, and one without a disk."""
    if flavor.spec.ram < image.spec.min_ram:
        raise bad_request("Flavor's memory is too small for requested image.")
    disk = flavor.spec.disk * GIB
    if not disk:
        if not ctx.decide("compute:servers:create", ctx.own("zero_disk_flavor")).allow:
            raise forbidden("Only volume-backed servers are allowed for flavors with zero disk.")
        return
    if image.spec.size > disk:
        raise bad_request(
            f"Flavor's disk is too small for requested image. Flavor disk is {disk} bytes, "
            f"image is {image.spec.size} bytes."
        )
    least = image.spec.min_disk * GIB
    if least > disk:
        raise bad_request(
            "Flavor's disk is smaller than the minimum size specified in image metadata. "
            f"Flavor disk is {disk} bytes, minimum size is {least} bytes."
        )


def key_of(ctx: Context, name: str | None) -> ServerKey | None:
    """Return a copy of the caller's key pair of that name. Raises 400, also for one that the cloud cannot use."""
    if name is None:
        return None
    pair = ctx.mirror(KeyPair).by_key(f"{ctx.region.name}/{ctx.principal.user_id}/{name}")
    if pair is None:
        raise bad_request("Invalid key_name provided.")
    spec = pair.spec
    need = "keypair.x509" if spec.type == "x509" else "keypair.ecdsa" if spec.public_key.startswith("ecdsa-") else ""
    why = offered.lacking(ctx, need) if need else None
    if why is not None:
        raise bad_request(f"Keypair data is invalid: {why}")
    return ServerKey(name=spec.name, public_key=spec.public_key, fingerprint=spec.fingerprint, type=spec.type)


def user_data_of(ctx: Context, text: str | None) -> str:
    """Return user data as it came. Raises 400 for what is no base64 or more than the region's cloud takes."""
    if text is None:
        return ""
    try:
        size = len(base64.decodebytes(text.encode()))
    except (binascii.Error, ValueError):
        raise bad_request("User data needs to be valid base 64.") from None
    most = offered.limit(ctx, "server.user_data")
    if most is not None and size > most:
        raise bad_request(
            f"Invalid input for field/attribute user_data. Value: {text}. "
            f"{text!r} is too long: this region takes at most {most} bytes"
        )
    return text


def copied(flavor: Flavor) -> ServerFlavor:
    """Return the flavor as the server keeps it."""
    spec = flavor.spec
    return ServerFlavor(
        id=spec.flavorid,
        name=spec.name,
        vcpus=spec.vcpus,
        ram=spec.ram,
        disk=spec.disk,
        ephemeral=spec.ephemeral,
        swap=spec.swap,
        extra_specs=dict(spec.extra_specs),
    )


def check_personality(files: Sequence[Any]) -> None:
    """Refuse injected files: there is nothing that could put them into a server of this region."""
    if files:
        raise bad_request("Personality files cannot be injected in this region; use user_data.")
