"""The settings of the audit chain: a section of its own, so that the chain can change without the configuration."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gurum.ops.section import Section

NONE = "none"


class AuditConfig(Section, frozen=True):
    """The audit chain: who did what, and by which decision."""

    directory: str = ""  # where the chains lie, one a process; empty: nothing is recorded
    writer: str = ""  # the chains' name where several machines share the directory; empty: the process's role
    segment_bytes: int = 16_000_000  # then a file is closed, and may be archived
    anchor_socket: str = ""  # where the anchor listens; empty: `socket` in its directory; `none`: there is none
    anchor_directory: str = ""  # where it keeps heads; empty: `audit-anchor` in the state directory
    anchor_user: str = "nobody"  # who the anchor is, where it is started as root
    anchor_interval: float = 10.0  # seconds between two anchored heads

    @property
    def enabled(self) -> bool:
        """Whether anything is recorded."""
        return bool(self.directory)

    @property
    def anchored(self) -> bool:
        """Whether heads are anchored."""
        return self.enabled and self.anchor_socket != NONE


def placed(config: AuditConfig, state: Path) -> AuditConfig:
    """Return the settings with the anchor's places in the state directory, unless they are said to be elsewhere."""
    if not config.enabled:
        return config
    kept = config.anchor_directory or str(state / "audit-anchor")
    return msgspec.structs.replace(
        config,
        anchor_directory=kept,
        anchor_socket=config.anchor_socket or str(Path(kept) / "socket"),
    )
