"""Finding the modules of a package: where a new module is a new noun, and no list elsewhere must name it.

Each of those lists was a file more to touch for every noun, and one that was forgotten was found by a user.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def modules(package: str) -> Iterator[ModuleType]:
    """Import and yield the modules of a package and of its packages, by name. Raises ImportError."""
    root = importlib.import_module(package)
    for found in sorted(pkgutil.walk_packages(root.__path__, f"{package}."), key=lambda found: found.name):
        yield importlib.import_module(found.name)
