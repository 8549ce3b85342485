"""What the parent has made ready before it forks: models parsed, policy compiled, everything imported.

botocore reads EC2's model (eleven megabytes of JSON, most of a second) once for each session; here all sessions of all
forked processes share what the parent has read.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import aiobotocore.session
from botocore import xform_name

from aws_emulator.config import Config as EmulatorConfig
from aws_emulator.emulator import Emulator
from gurum.ops.config import AwsConfig
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.providers.aws.transport import BotoTransport

_POLICY = Path(__file__).parents[2] / "policy"
_kept: dict[str, Any] = {}


def up() -> None:
    """Make everything ready, once. Nothing here may start a thread: threads do not survive a fork."""
    if _kept:
        return
    session = aiobotocore.session.get_session()
    loader = session.get_component("data_loader")
    for kind in ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1"):
        loader.load_service_model("ec2", kind)
    loader.load_data("endpoints")
    loader.load_data("partitions")
    loader.load_data("sdk-default-configuration")
    loader.load_data("_retry")
    for name in loader.load_service_model("ec2", "service-2")["operations"]:
        xform_name(name)  # botocore keeps what it has found; each new client asks for all seven hundred
    _kept["loader"] = loader
    _kept["policy"] = EmbeddedDecisionPoint(_POLICY)
    Emulator(EmulatorConfig()).call("DescribeVpcs", {}, account="111122223333", region="us-east-1")
    gc.collect()
    gc.freeze()


def transport(config: AwsConfig, region: str) -> BotoTransport:
    """Return the product's transport, whose session finds its models read already."""
    made = BotoTransport(config, region)
    made._session.register_component("data_loader", _kept["loader"])
    return made


def policy() -> EmbeddedDecisionPoint:
    """Return the compiled policy."""
    point: EmbeddedDecisionPoint = _kept["policy"]
    return point
