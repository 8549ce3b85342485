"""Access to botocore's service models, loaded once a process and only read."""

from functools import cache
from typing import Any

import botocore.session

# The published EC2 API version that the emulator speaks; clients send it as `Version`.
EC2_VERSION = "2016-11-15"


@cache
def service_model(service: str) -> Any:
    """Return botocore's ServiceModel of `service` ("ec2", "iam" or "sts"); immutable, hence shared."""
    return botocore.session.get_session().get_service_model(service)


@cache
def operation(service: str, action: str) -> Any | None:
    """Return the model of an action, or None when AWS has no such action."""
    model = service_model(service)
    return model.operation_model(action) if action in model.operation_names else None
