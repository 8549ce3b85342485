"""Elastic addresses and key pairs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from gurum.model.base import Status
from gurum.model.compute import CloudKey, CloudKeySpec, KeyPair, KeyPairSpec
from gurum.model.routing import FloatingIP, FloatingIPSpec, FloatingIPStatus
from gurum.providers.aws.adoption.account import Account, found
from gurum.providers.aws.adoption.routers import router_of
from gurum.providers.aws.drivers.addresses import ADDRESS, ASSOCIATION
from gurum.providers.contract import Found


def addresses(account: Account) -> Iterator[Found]:
    """Yield the floating IPs."""
    for item in account.lists["elastic-ip"]:
        id_, interface = item.get("AllocationId", ""), item.get("NetworkInterfaceId") or ""
        held = account.interfaces.get(interface, {})
        if not id_ or not account.catalogue.external:
            why = "the region has no external network to be on" if id_ else "it is not of a VPC"
            yield found(account, "elastic-ip", id_ or item["PublicIp"], item, name=item["PublicIp"], refused=why)
        elif interface and (held.get("RequesterManaged") or not (held.get("Attachment") or {}).get("InstanceId")):
            why = "it leads to what is AWS's own, or to an interface without an instance"
            yield found(account, "elastic-ip", id_, item, name=item["PublicIp"], refused=why)
        else:
            private, applied = item.get("PrivateIpAddress") or "", {ADDRESS: item["PublicIp"]}
            if interface:
                applied[ASSOCIATION] = ",".join((item["AssociationId"], interface, private))
            floating = FloatingIP(
                metadata=account.metadata(id_),
                spec=FloatingIPSpec(
                    floating_network_id=account.catalogue.external,
                    port_id=account.id(interface) if interface else "",
                    fixed_ip_address=private if interface else "",
                    router_id=router_of(account, held["SubnetId"]) if interface else "",
                    **account.spec(id_),
                ),
                status=FloatingIPStatus(
                    status="ACTIVE" if interface else "DOWN",
                    floating_ip_address=item["PublicIp"],
                    external=account.external(id_),
                    **account.status([account.intent(ADDRESS, id_)], applied),
                ),
            )
            yield found(
                account, "elastic-ip", id_, item, object=floating, name=item["PublicIp"],
                needs=[interface] if interface else [], parent=interface,
            )  # fmt: skip


def keys(account: Account) -> Iterator[Found]:
    """Yield of each key pair the one that its user sees, and the public key in the account behind it."""
    user, region = account.catalogue.user, account.place.region
    for item in account.lists["key-pair"]:
        id_, name, public = item["KeyPairId"], item["KeyName"], (item.get("PublicKey") or "").strip()
        if not user or not public:
            why = "AWS does not show its public key" if user else "a key pair is a user's: name one with --user"
            yield found(account, "key-pair", id_, item, name=name, refused=why)
            continue
        uid = account.id(f"{id_}/{user}")
        pair = KeyPair(
            metadata=account.metadata(id_, id=uid, key=f"{region}/{user}/{name}"),
            spec=KeyPairSpec(
                name=name,
                user_id=user,
                public_key=public,
                fingerprint=item["KeyFingerprint"],
                number=uuid.UUID(uid).int % 0x7FFFFFFF,
                **account.spec(id_),
            ),
            status=Status(**account.status()),
        )
        yield found(account, "key-pair", id_, item, object=pair, name=name)
        cloud_key = CloudKey(
            metadata=account.metadata(id_, key=CloudKey.key_of(region, account.place.account, public)),
            spec=CloudKeySpec(public_key=public, fingerprint=item["KeyFingerprint"], **account.spec(id_)),
            status=Status(**account.status([account.intent("key", id_, KeyName=name)])),
        )
        yield found(account, "key-pair", id_, item, object=cloud_key, name=name)
