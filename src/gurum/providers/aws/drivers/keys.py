"""Public keys in an account. Key names are unique: recipe `name`. Deleting twice is a success in EC2."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from gurum.model.base import Intent, Resource
from gurum.model.compute import CloudKey
from gurum.providers.aws import tags
from gurum.providers.aws.drivers.common import Ec2Driver, Words, request
from gurum.providers.contract import Blocked, Step, View


class KeyDriver(Ec2Driver):
    """An imported key pair. EC2 takes RSA and ED25519 (capability `keypair.ecdsa, keypair.x509`)."""

    words = Words("ImportKeyPair", "DescribeKeyPairs", "KeyPairs", "", "KeyPairId", "DeleteKeyPair", "KeyPairId")

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the import."""
        assert isinstance(obj, CloudKey)  # noqa: S101 - the driver table says so
        params = {
            "KeyName": tags.name(obj),
            "PublicKeyMaterial": base64.b64encode(obj.spec.public_key.encode()).decode(),
            "TagSpecifications": tags.specification(obj, "key", self.context.owner, "key-pair"),
        }
        return [Step("key", "name", request(params))]

    def params(self, intent: Intent) -> dict[str, Any]:
        """Return the parameters; botocore takes the material as bytes."""
        params = super().params(intent)
        params["PublicKeyMaterial"] = base64.b64decode(params["PublicKeyMaterial"])
        return params
