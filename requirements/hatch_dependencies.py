"""Feeds requirements/run.in to the build, so that dependencies stand in one place."""

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Dependencies(MetadataHookInterface):
    """Adds `dependencies` to the project's metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Take every line of run.in that names a package."""
        lines = (Path(self.root) / "requirements" / "run.in").read_text().splitlines()
        metadata["dependencies"] = [line for line in lines if line and line[0] not in "#-"]
