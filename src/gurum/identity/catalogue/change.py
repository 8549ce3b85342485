"""What a run did to a Keystone, in a form that can be shown."""

from typing import Literal

import msgspec


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was, or with `dry_run` would be, changed. Never carries a secret."""

    action: Literal["create", "update", "grant", "delete"]
    kind: str
    name: str
    # New values by field; a password is shown as "(set)".
    fields: dict[str, str] = {}

    def __str__(self) -> str:
        """One line for people."""
        details = ", ".join(f"{key}={value}" for key, value in self.fields.items())
        return f"{self.action} {self.kind} {self.name}" + (f" ({details})" if details else "")
