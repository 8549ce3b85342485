"""The settings of the audit chain: a section of its own, so that the chain can change without the configuration."""

from __future__ import annotations

from pathlib import Path

import msgspec

NONE = "none"


class AuditConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The audit chain: who did what, by which decision, and what of it reached a cloud.

    directory: where the chains lie, one a process; `none`: nothing is recorded.
    """

    directory: str = ""  # empty: `audit` in the state directory
    writer: str = ""  # the chains' name where several machines share the directory; empty: the process's role
    segment_bytes: int = 16_000_000  # then a file is closed, and may be archived
    anchor_socket: str = ""  # where the anchor listens; empty: `socket` in its directory; `none`: there is none
    anchor_directory: str = ""  # where it keeps heads; empty: `audit-anchor` in the state directory
    anchor_user: str = "nobody"  # who the anchor is, where it is started as root
    anchor_interval: float = 10.0  # seconds between two anchored heads

    @property
    def enabled(self) -> bool:
        """Whether anything is recorded. A configuration that was not read from a document has no place for it."""
        return self.directory not in ("", NONE)

    @property
    def anchored(self) -> bool:
        """Whether heads are anchored."""
        return self.enabled and self.anchor_socket != NONE


def placed(config: AuditConfig, state: Path) -> AuditConfig:
    """Return the settings with what lies in the state directory unless it is said to be elsewhere."""
    kept = config.anchor_directory or str(state / "audit-anchor")
    return msgspec.structs.replace(
        config,
        directory=config.directory or str(state / "audit"),
        anchor_directory=kept,
        anchor_socket=config.anchor_socket or str(Path(kept) / "socket"),
    )
