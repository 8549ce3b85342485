"""What a case is, and a form body for cases that no client would send."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.emulator.cloud import ACCESS_KEY, REGION, Cloud

from aws_emulator.emulator import Reply


class Case(NamedTuple):
    """`run` ends in the refusal; `config` is merged into the cloud's configuration first."""

    run: Callable[[Cloud], Any]
    config: Mapping[str, Any] = MappingProxyType({})


def signature(key: str = ACCESS_KEY, region: str = REGION, service: str = "ec2") -> str:
    """Return an Authorization header; the emulator does not verify the signature itself."""
    scope = f"{key}/20260101/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def send(cloud: Cloud, authorization: str | None = None, **fields: str) -> Reply:
    """Send raw form fields; without `authorization` as the cloud's own account."""
    names = {name.replace("__", "."): value for name, value in fields.items()}
    return cloud.emulator.handle(
        authorization=signature() if authorization is None else authorization or None,
        body=urlencode(names),
        user_agent="test",
    )
