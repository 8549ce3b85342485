"""One module a kind: which EC2 calls make it, find it, remove it and keep it so."""

from __future__ import annotations

from typing import Any

from gurum.model.discovery import modules


def found(name: str) -> list[Any]:
    """Return what the drivers' modules define under a name: DRIVER, CAPABILITIES, LIMITS or LEFTOVERS.

    A new noun's driver is a new module; none of the provider's own tables has to name it.
    """
    return [vars(module)[name] for module in modules(__name__) if name in vars(module)]
