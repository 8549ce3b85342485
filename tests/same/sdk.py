"""One openstacksdk call in a process of its own: what it returns as JSON, what it raises as a line.

A fresh connection a call, as in a script that somebody runs, so that no cache of an earlier call hides an answer, and
so that a recording of one call's requests is complete.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

PATIENCE = 120.0  # seconds until what was waited for counts as not coming
PAUSE = 0.2
SERVICES = ("compute", "network", "image", "identity")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A method of a connection (`compute.get_server`) with its arguments; see `steps.Step` for the rest."""

    cloud: str = ""
    region: str | None = None
    method: str = ""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    microversion: str = ""
    until: dict[str, Any] = {}
    gone: bool = False


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a cloud: endpoints by service, and what may be used there."""

    region: str
    endpoints: dict[str, str]
    project: str
    images: list[dict[str, Any]]
    flavors: list[dict[str, Any]]
    external: list[str]


def connect(call: Call) -> Any:
    """Return a connection; typed loosely, because the SDK makes its proxies at run time."""
    import openstack

    options: dict[str, Any] = {"compute_default_microversion": call.microversion} if call.microversion else {}
    return openstack.connect(cloud=call.cloud, region_name=call.region, **options)


def run(call: Call) -> int:
    """Make the call and print what came of it; 1 if it raised, or what it waits for did not come."""
    import openstack.exceptions as known

    deadline = time.monotonic() + PATIENCE
    try:
        method: Any = connect(call)
        for name in call.method.split("."):
            method = getattr(method, name)
        while True:
            answer = plain(method(*call.args, **call.kwargs))
            if _there(answer, call):
                break
            if time.monotonic() > deadline:
                print(f"not within {PATIENCE:.0f} s: {call.until or 'gone'}", file=sys.stderr)
                print(json.dumps(answer, indent=1))
                return 1
            time.sleep(PAUSE)
    except (known.SDKException, ValueError, TypeError, AttributeError) as error:  # what a script's author would see
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if call.until:  # the rest may still move
        answer = {key: answer[key] for key in ("id", "name", *call.until)}
    print(json.dumps(answer, indent=1))
    return 0


def _there(answer: Any, call: Call) -> bool:
    if call.gone:
        return answer is None or answer == []
    return all(isinstance(answer, dict) and answer.get(key) == value for key, value in call.until.items())


def plain(value: Any) -> Any:
    """Return an SDK value as JSON can hold it, without `location`, which the SDK makes of its own configuration."""
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items() if key != "location"}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return [plain(inner) for inner in value] if isinstance(value, Iterable) else repr(value)


def find(call: Call) -> int:
    """Print a `Found`."""
    connection = connect(call)
    endpoints = {name: connection.session.get_endpoint(**_of(connection, name)) for name in SERVICES}
    found = Found(
        endpoints={name: url for name, url in endpoints.items() if url},
        region=str(connection.config.get_region_name("compute") or ""),
        project=connection.current_project_id,
        images=[plain(image) for image in connection.image.images(status="active")],
        flavors=[plain(flavor) for flavor in connection.compute.flavors()],
        external=sorted(network.name for network in connection.network.networks(is_router_external=True)),
    )
    print(msgspec.json.encode(found).decode())
    return 0


def _of(connection: Any, service: str) -> dict[str, Any]:
    config = connection.config
    return {
        "service_type": service,
        "interface": config.get_interface(service),
        "region_name": None if service == "identity" else config.get_region_name(service),
    }
